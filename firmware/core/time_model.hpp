// UTC on a board whose clock starts at zero. Before the first NTP answer of a boot, time is an estimate that can only
// be late: the newest of build time and the last time stored, plus the time since boot. Certificates can be checked
// with it, and records made with it are corrected once the true time is known.
#pragma once

#include <cstdint>

#include "ports.hpp"

namespace egiz {

class TimeModel {
  public:
    TimeModel(Clock& clock, KeyValue& kv, std::uint64_t build_ms) : clock_(clock), kv_(kv), build_ms_(build_ms) {}

    void start();
    // Takes over NTP time when there is any, and stores it now and then.
    void tick();
    // Before a restart.
    void store();

    [[nodiscard]] std::uint64_t now_ms() const;
    [[nodiscard]] bool synced() const { return synced_; }
    // A time from this boot that was estimated before the first synchronisation, put right.
    [[nodiscard]] std::uint64_t corrected(std::uint64_t estimated_ms) const;

  private:
    static constexpr std::uint64_t store_every_ms = 600'000;  // 144 small writes a day

    Clock& clock_;
    KeyValue& kv_;
    std::uint64_t build_ms_;
    std::uint64_t estimate_offset_ = 0;  // estimated UTC minus monotonic
    std::uint64_t offset_ = 0;           // best known UTC minus monotonic
    std::uint64_t correction_ = 0;       // what the first synchronisation added to the estimate
    std::uint64_t next_store_ms_ = 0;
    bool synced_ = false;
};

}  // namespace egiz
