// The chip itself: random numbers, reset reasons, heap, watchdog, log.
#pragma once

#include "front_panel.hpp"
#include "ports.hpp"

namespace egiz::esp {

class EspRandom final : public Random {
  public:
    void fill(MutableBytes out) override;
};

class EspSystem final : public System {
  public:
    explicit EspSystem(FrontPanel& panel) : panel_(panel) {}
    // Puts the calling task under the task watchdog (10 s, then a panic and a restart).
    Status watch_this_task();

    ResetReason reset_reason() override;
    HeapInfo heap() override;
    void feed_watchdog() override;
    void restart() override;
    void identify(std::uint32_t seconds) override;
    void set_log_level(LogLevel level) override;
    void log(LogLevel level, std::string_view text) override;
    std::uint32_t crash_count() override;
    void set_crash_count(std::uint32_t n) override;

  private:
    FrontPanel& panel_;
};

}  // namespace egiz::esp
