// ATM90E32AS: three-phase energy meter over SPI, for boards that need true three-phase power.
// Source: Atmel-46003-SE-M90E32AS data sheet, sections 4 (SPI), 5 (calculation) and 6 (registers).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "atm90e32_registers.hpp"
#include "wire_bytes.hpp"
#include "measure.hpp"
#include "three_phase.hpp"

namespace egiz::sensors {

inline constexpr std::uint32_t atm_spi_hz = 200'000;  // as slow as the opto-isolators on metering boards need

// Sixteen bits of address, bit 15 set for a read, then sixteen of data; full duplex.
using AtmFrame = std::array<std::uint8_t, 4>;
AtmFrame atm_read(atm::Register reg);
AtmFrame atm_write(atm::Register reg, std::uint16_t value);
std::uint16_t atm_value(const AtmFrame& received);

// Constants of one board, from its calibration against a reference meter. Defaults are the part's own after reset.
struct AtmPhaseCalibration {
    std::uint16_t voltage_gain = 0x8000, current_gain = 0x8000;
    std::uint16_t voltage_offset = 0, current_offset = 0;
    std::uint16_t active_offset = 0, reactive_offset = 0;
    std::uint16_t power_gain = 0, phase_angle = 0;
};

struct AtmCalibration {
    std::array<AtmPhaseCalibration, 3> phase;
    std::uint16_t current_channel_gain = 0x0015;  // metering_mode_1: twice, for 100 mV transformers' outputs
    bool mains_60_hz = false;
    bool calibrated = false;  // false: nothing is published, because the default gains fit no real board
};

struct AtmWrite {
    atm::Register reg;
    std::uint16_t value;
};

// Everything to write after soft_reset and its 5 ms, in order. The first entry opens the configuration registers
// and the last closes them again.
inline constexpr std::size_t atm_setup_length = 38;
std::array<AtmWrite, atm_setup_length> atm_setup(const AtmCalibration& calibration);

// The registers of one sample, in the order atm_decode() takes their values. Each read is followed by one of
// last_spi_data; a difference between the two makes the sample unverified.
inline constexpr std::array<atm::Register, 15> atm_sample_registers = {
    atm::meter_enable,           atm::voltage_a,          atm::voltage_a + 1,          atm::voltage_a + 2,
    atm::current_a,              atm::current_a + 1,      atm::current_a + 2,          atm::active_power_a,
    atm::active_power_low_a,     atm::active_power_a + 1, atm::active_power_low_a + 1, atm::active_power_a + 2,
    atm::active_power_low_a + 2, atm::power_factor_total, atm::frequency,
};
using AtmWords = std::array<std::uint16_t, atm_sample_registers.size()>;

// The chip counts energy since the last read only; the sum is kept here and must be stored by the caller from time to
// time. Unit: 1/320 Wh (0.01 pulse at 3200 pulses for each kWh).
class AtmEnergy {
  public:
    explicit AtmEnergy(std::uint64_t units = 0) : units_(units) {}
    void add(std::span<const std::uint16_t, 3> forward) {
        for (const std::uint16_t words : forward) units_ += words;
    }
    std::uint64_t units() const { return units_; }
    Measured watt_hours() const;

  private:
    std::uint64_t units_;
};

ElectricalSample atm_decode(const AtmWords& words, bool verified, const AtmEnergy& energy, bool calibrated);

}  // namespace egiz::sensors
