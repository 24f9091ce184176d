// Full-jitter exponential backoff: a thousand boards that lost the same broker do not come back in the same second.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ports.hpp"

namespace egiz {

class Backoff {
  public:
    // The ceiling doubles from base to cap. It may rest at base * 2^hold_at for `hold_for` attempts on the way.
    constexpr Backoff(std::uint32_t base_ms, std::uint32_t cap_ms, std::uint32_t hold_at = 0, std::uint32_t hold_for = 0)
        : base_ms_(base_ms), cap_ms_(cap_ms), hold_at_(hold_at), hold_for_(hold_for) {}

    // Uniform over [0, ceiling], but never a busy loop.
    std::uint32_t next_ms(Random& random) {
        const std::uint32_t held = std::min(attempt_ > hold_at_ ? attempt_ - hold_at_ : 0, hold_for_);
        std::uint64_t ceiling = static_cast<std::uint64_t>(base_ms_) << std::min<std::uint32_t>(attempt_ - held, 16);
        ceiling = std::min<std::uint64_t>(ceiling, cap_ms_);
        ++attempt_;
        std::array<std::uint8_t, 4> bytes{};
        random.fill(bytes);
        std::uint64_t value = 0;
        for (const std::uint8_t b : bytes) value = (value << 8) | b;
        // Multiply-shift keeps the draw uniform enough; a modulus would favour small delays.
        const std::uint64_t drawn = (value * (ceiling + 1)) >> 32;
        return static_cast<std::uint32_t>(std::max<std::uint64_t>(drawn, minimum_ms));
    }
    void reset() { attempt_ = 0; }
    [[nodiscard]] std::uint32_t attempt() const { return attempt_; }

    static constexpr std::uint32_t minimum_ms = 100;

  private:
    std::uint32_t base_ms_;
    std::uint32_t cap_ms_;
    std::uint32_t hold_at_;
    std::uint32_t hold_for_;
    std::uint32_t attempt_ = 0;
};

}  // namespace egiz
