// The newest reading of a sampling task, for a reader that must not wait for the sensors. Not thread-safe by itself.
#pragma once

#include <cstdint>

#include "../ports.hpp"

namespace egiz::sensors {

// Every value of the reading's kind becomes a missing one.
void mark_all(Reading& reading, Quality why);

class Snapshot {
  public:
    explicit Snapshot(std::uint32_t max_age_ms) : max_age_ms_(max_age_ms) {}
    void store(const Reading& reading, std::uint64_t now_ms);
    // Absent before the first sample, stale when sampling has stopped: a hung bus must not freeze a value.
    void take(SensorKind kind, std::uint64_t now_ms, Reading& out) const;

  private:
    Reading latest_{};
    std::uint64_t stored_ms_ = 0;
    std::uint32_t max_age_ms_;
    bool sampled_ = false;
};

}  // namespace egiz::sensors
