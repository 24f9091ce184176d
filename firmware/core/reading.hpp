// What a sensor says, in fixed point, with a quality code for every single value.
// A value whose quality is not publishable() never reaches a payload as a number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace egiz {

enum class Quality : std::uint8_t {
    ok = 0,
    absent = 1,        // no such sensor is fitted, or it never answered since boot
    comm_error = 2,    // bus error, CRC mismatch or no answer this time
    out_of_range = 3,  // answered, but outside what the part can measure
    fault = 4,         // the part reports its own fault (open or shorted probe)
    stale = 5,         // last good value is older than the sampling rule allows
    uncalibrated = 6,  // warming up or without calibration constants
};

std::string_view to_string(Quality q);
constexpr bool publishable(Quality q) { return q == Quality::ok; }

// One measured value: `raw` is in the unit and scale that the field's comment names.
struct Measured {
    std::int32_t raw = 0;
    Quality quality = Quality::absent;

    static constexpr Measured good(std::int32_t v) { return {v, Quality::ok}; }
    static constexpr Measured bad(Quality q) { return {0, q}; }
    constexpr bool operator==(const Measured&) const = default;
};

enum class SensorKind : std::uint8_t { electrical = 1, thermal = 2, environmental = 3 };
std::string_view to_string(SensorKind k);

inline constexpr std::size_t max_phases = 3;
inline constexpr std::size_t max_zones = 8;

struct ElectricalReading {
    std::array<Measured, max_phases> voltage{};  // 0.1 V, phases a, b, c
    std::array<Measured, max_phases> current{};  // 1 mA, phases a, b, c
    Measured power_factor{};                     // 0.001, signed
    Measured active_power{};                     // 0.1 W, total of the phases, signed
    Measured energy{};                           // 10 Wh (0.01 kWh), total of the phases
    Measured frequency{};                        // 0.01 Hz
    constexpr bool operator==(const ElectricalReading&) const = default;
};

enum class Heating : std::uint8_t { unknown = 0, off = 1, on = 2 };

struct ThermalReading {
    std::uint8_t zone_count = 0;                // zones 1..zone_count exist
    std::array<Measured, max_zones> zone{};     // 0.1 C
    Measured setpoint{};                        // 0.1 C
    Heating heating = Heating::unknown;         // state of the heating element
    constexpr bool operator==(const ThermalReading&) const = default;
};

struct EnvironmentalReading {
    Measured temperature{};  // 0.01 C
    Measured humidity{};     // 0.01 %RH
    Measured pressure{};     // 1 Pa
    Measured co2{};          // 1 ppm
    constexpr bool operator==(const EnvironmentalReading&) const = default;
};

struct Reading {
    SensorKind kind = SensorKind::electrical;
    ElectricalReading electrical{};
    ThermalReading thermal{};
    EnvironmentalReading environmental{};
    constexpr bool operator==(const Reading&) const = default;
};

}  // namespace egiz
