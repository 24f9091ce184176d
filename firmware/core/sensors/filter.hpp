// What stands between a decoder and a published value: spikes out, old values out, changes found.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "measure.hpp"

namespace egiz::sensors {

inline constexpr std::size_t longest_window = 15;

// Median of the last good values: one disturbed conversion (a contactor switching beside a thermocouple line) never
// gets through a window of three or more, and a true step is half a window late. Anything not good passes at once and
// empties the memory, so that nothing old comes back after a fault.
class MedianFilter {
  public:
    void set_window(std::size_t samples);  // 1 (no filter) to 15
    Measured push(Measured measured);

  private:
    std::array<std::int32_t, longest_window> recent_{};
    std::size_t window_ = 3;
    std::size_t count_ = 0;
    std::size_t next_ = 0;
};

// The last value of a part that measures less often than it is asked.
class Freshness {
  public:
    explicit Freshness(std::uint32_t max_age_ms) : max_age_ms_(max_age_ms) {}
    void store(Measured measured, std::uint64_t now_ms);
    // Stale when the value is older than allowed; any other quality as it was stored.
    Measured at(std::uint64_t now_ms) const;

  private:
    Measured last_{};
    std::uint64_t stored_ms_ = 0;
    std::uint32_t max_age_ms_;
};

// A quantity that is reported when it changes: it moves only by a whole step, so that the noise of an analogue input
// is no change. Losing or regaining the value is one.
class ChangeFilter {
  public:
    explicit ChangeFilter(std::int32_t step) : step_(step) {}
    // True when the reported value has just changed.
    bool push(Measured measured);
    Measured reported() const { return reported_; }

  private:
    Measured reported_{};
    std::int32_t step_;
};

// A contact that counts only when it has held still: a bouncing relay is one change, and so is its chatter.
class Contact {
  public:
    explicit Contact(std::uint32_t settle_ms) : settle_ms_(settle_ms) {}
    // True when the settled state has just changed.
    bool push(bool closed, std::uint64_t now_ms);
    Heating state() const { return state_; }

  private:
    Heating state_ = Heating::unknown;
    Heating candidate_ = Heating::unknown;
    std::uint64_t since_ms_ = 0;
    std::uint32_t settle_ms_;
};

// Whether a part is there, and when to ask next: a missing part must not cost its timeout in every sample.
class Presence {
  public:
    bool due(std::uint64_t now_ms) const { return now_ms >= next_ms_; }
    void answered();
    void failed(std::uint64_t now_ms);
    // absent until the first answer since start, comm_error afterwards.
    Quality reason() const { return seen_ ? Quality::comm_error : Quality::absent; }

  private:
    std::uint64_t next_ms_ = 0;
    std::uint32_t failures_ = 0;
    bool seen_ = false;
};

}  // namespace egiz::sensors
