// Counts boots that did not end well. It runs before anything else: a fault in a driver must not be able to hide it.
#pragma once

#include <cstdint>

#include "ports.hpp"

namespace egiz {

class BootGuard {
  public:
    static constexpr std::uint32_t safe_mode_after = 5;          // unhealthy boots in a row
    static constexpr std::uint64_t healthy_after_ms = 300'000;   // of running with a broker session

    BootGuard(System& system, KeyValue& kv) : system_(system), kv_(kv) {}

    // Returns the id of this boot: one more than the last, from 1.
    std::uint32_t arm();
    [[nodiscard]] bool safe_mode() const { return safe_mode_; }
    [[nodiscard]] std::uint32_t unhealthy_boots() const { return crashes_; }
    // Called often; clears the counter once the board has been well for long enough.
    void tick(std::uint64_t monotonic_ms, bool connected);
    // An intended restart is no crash.
    void orderly_restart();

  private:
    System& system_;
    KeyValue& kv_;
    std::uint32_t crashes_ = 0;
    std::uint64_t connected_since_ = 0;
    bool was_connected_ = false;
    bool cleared_ = false;
    bool safe_mode_ = false;
};

}  // namespace egiz
