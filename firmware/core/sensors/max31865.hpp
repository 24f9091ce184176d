// MAX31865: platinum RTD (PT100, PT1000) to digital.
// Source: MAX31865 data sheet 19-6478, Tables 1 to 9; IEC 60751 for platinum.
#pragma once

#include <array>
#include <cstdint>

#include "wire_bytes.hpp"
#include "measure.hpp"

namespace egiz::sensors {

inline constexpr std::size_t max31865_register_count = 8;  // 00h configuration to 07h fault status
inline constexpr std::uint32_t max31865_spi_hz = 4'000'000;

enum class RtdWires : std::uint8_t { two_or_four, three };

struct RtdSetup {
    std::uint32_t reference_mohm = 400'000;  // usual boards: 400 ohm or 430 ohm for PT100, ten times that for PT1000
    std::uint32_t zero_mohm = 100'000;       // resistance at 0 degC: 100 ohm for PT100
    RtdWires wires = RtdWires::three;
    bool mains_60_hz = false;
};

// Bias on, continuous conversion. The one that also clears latched faults is written at start and after a fault.
std::uint8_t max31865_configuration(const RtdSetup& setup);
std::uint8_t max31865_configuration_clearing(const RtdSetup& setup);

// One SPI transfer each: write of register 00h, and a burst read of all eight (the first byte back is idle).
std::array<std::uint8_t, 2> max31865_write_configuration(std::uint8_t value);
std::array<std::uint8_t, 1 + max31865_register_count> max31865_read_all();

struct Max31865Sample {
    Measured temperature;  // 1/1000 degC
    Measured resistance;   // mohm
    std::uint8_t faults = 0;   // register 07h as it stands
    bool configured = false;   // false: the part has lost its configuration (power cycle) and must be written again
};

Max31865Sample max31865_decode(Bytes registers, const RtdSetup& setup);

// IEC 60751 by Callendar-Van Dusen, -200 to 850 degC. Both resistances in mohm, result in 1/1000 degC.
Measured platinum_degrees(double resistance_mohm, double zero_mohm);

}  // namespace egiz::sensors
