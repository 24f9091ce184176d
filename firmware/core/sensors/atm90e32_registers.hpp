// Registers of the ATM90E32AS that the driver touches, by the data sheet's names (Atmel-46003, section 6).
#pragma once

#include <cstdint>

namespace egiz::sensors::atm {

using Register = std::uint16_t;

inline constexpr Register meter_enable = 0x00;
inline constexpr Register frequency_low = 0x0C;
inline constexpr Register frequency_high = 0x0D;
inline constexpr Register pl_constant_high = 0x31;
inline constexpr Register pl_constant_low = 0x32;
inline constexpr Register metering_mode_0 = 0x33;
inline constexpr Register metering_mode_1 = 0x34;  // gain of the current channels
inline constexpr Register active_start = 0x35;
inline constexpr Register reactive_start = 0x36;
inline constexpr Register apparent_start = 0x37;
inline constexpr Register active_phase_start = 0x38;
inline constexpr Register reactive_phase_start = 0x39;
inline constexpr Register active_offset_a = 0x41;  // then reactive a, active b, reactive b, active c, reactive c
inline constexpr Register power_gain_a = 0x47;     // then phase angle a, gain b, angle b, gain c, angle c
inline constexpr Register voltage_gain_a = 0x61;   // four for each phase: gain U, gain I, offset U, offset I
inline constexpr Register soft_reset = 0x70;
inline constexpr Register last_spi_data = 0x78;
inline constexpr Register config_access = 0x7F;
inline constexpr Register forward_energy_a = 0x81;  // cleared by a read that is confirmed through last_spi_data
inline constexpr Register active_power_a = 0xB1;
inline constexpr Register power_factor_total = 0xBC;
inline constexpr Register active_power_low_a = 0xC1;
inline constexpr Register voltage_a = 0xD9;
inline constexpr Register current_a = 0xDD;
inline constexpr Register frequency = 0xF8;

inline constexpr std::uint16_t reset_key = 0x789A;
inline constexpr std::uint16_t access_key = 0x55AA;

}  // namespace egiz::sensors::atm
