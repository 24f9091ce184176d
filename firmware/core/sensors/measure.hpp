// Arithmetic on measured values that keeps the reason why a value is missing.
#pragma once

#include <cstdint>

#include "../reading.hpp"

namespace egiz::sensors {

// The quality of a sum is the worst of its parts'; the order of the enumerators is that of the record format and
// says nothing about it.
constexpr int severity(Quality quality) {
    switch (quality) {
        case Quality::ok: return 0;
        case Quality::uncalibrated: return 1;
        case Quality::stale: return 2;
        case Quality::out_of_range: return 3;
        case Quality::fault: return 4;
        case Quality::comm_error: return 5;
        case Quality::absent: return 6;
    }
    return 6;
}

constexpr Quality worse(Quality a, Quality b) { return severity(a) >= severity(b) ? a : b; }

// The part's own limits: a register outside them is a wrong reading, not an extreme one.
constexpr Measured measured_within(std::int64_t value, std::int32_t low, std::int32_t high) {
    if (value < low || value > high) return Measured::bad(Quality::out_of_range);
    return Measured::good(static_cast<std::int32_t>(value));
}

// Only a good value keeps its number: what is not ok must not be mistaken for a measurement further on.
constexpr Measured with_quality(Measured measured, Quality quality) {
    const Quality worst = worse(measured.quality, quality);
    return worst == Quality::ok ? measured : Measured::bad(worst);
}

// value * numerator / denominator, rounded half away from zero; the denominator is positive.
constexpr std::int64_t scaled(std::int64_t value, std::int64_t numerator, std::int64_t denominator) {
    const std::int64_t product = value * numerator;
    const std::int64_t half = denominator / 2;
    return (product >= 0 ? product + half : product - half) / denominator;
}

constexpr Measured divided(Measured measured, std::int32_t denominator) {
    return {static_cast<std::int32_t>(scaled(measured.raw, 1, denominator)), measured.quality};
}

}  // namespace egiz::sensors
