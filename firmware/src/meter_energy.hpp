// The energy sum of a meter chip that forgets what was read, kept across restarts.
#pragma once

#include <array>
#include <cstring>

#include "ports.hpp"

namespace egiz::esp {

class MeterEnergy {
  public:
    explicit MeterEnergy(KeyValue& kv) : kv_(kv) {}

    std::uint64_t load() {
        std::array<std::uint8_t, sizeof(std::uint64_t)> blob{};
        const Result<std::size_t> size = kv_.get(key, blob);
        if (size.ok() && size.value() == blob.size()) std::memcpy(&stored_, blob.data(), blob.size());
        return stored_;
    }

    // At most every five minutes, which wears the flash by two erases a day.
    void keep(std::uint64_t units, std::uint64_t now_ms) {
        if (units == stored_ || now_ms < next_ms_) return;
        next_ms_ = now_ms + interval_ms;
        std::array<std::uint8_t, sizeof units> blob{};
        std::memcpy(blob.data(), &units, sizeof units);
        if (kv_.put(key, blob)) stored_ = units;
    }

  private:
    static constexpr std::string_view key = "energy";
    static constexpr std::uint64_t interval_ms = 300'000;

    KeyValue& kv_;
    std::uint64_t stored_ = 0;
    std::uint64_t next_ms_ = interval_ms;
};

}  // namespace egiz::esp
