#include "atm90e32.hpp"

#include <limits>

namespace egiz::sensors {
namespace {

constexpr std::uint16_t read_flag = 0x8000;
constexpr std::uint16_t metering_on = 0x0001;

// 450e9 / 3200 pulses for each kWh (data sheet, 5.1).
constexpr std::uint32_t pl_constant = 140'625'000;
constexpr std::uint16_t three_phase_four_wire = 0x0087;  // all phases in the sums, active energy on CF1
constexpr std::uint16_t mains_60_hz_bit = 0x1000;
// 2.4 W for the whole and 0.24 W for one phase in steps of 0.00032 W: below these only noise is counted.
constexpr std::uint16_t start_threshold = 7'500;
constexpr std::uint16_t phase_start_threshold = 750;

class SetupList {
  public:
    void add(atm::Register reg, std::uint16_t value) {
        if (length_ < list_.size()) list_[length_++] = {reg, value};
    }
    const std::array<AtmWrite, atm_setup_length>& list() const { return list_; }

  private:
    std::array<AtmWrite, atm_setup_length> list_{};
    std::size_t length_ = 0;
};

void add_phase(SetupList& list, const AtmPhaseCalibration& phase, std::uint16_t index) {
    const auto at = [index](atm::Register base, unsigned stride, unsigned offset) {
        return static_cast<atm::Register>(base + index * stride + offset);
    };
    list.add(at(atm::active_offset_a, 2, 0), phase.active_offset);
    list.add(at(atm::active_offset_a, 2, 1), phase.reactive_offset);
    list.add(at(atm::power_gain_a, 2, 0), phase.power_gain);
    list.add(at(atm::power_gain_a, 2, 1), phase.phase_angle);
    list.add(at(atm::voltage_gain_a, 4, 0), phase.voltage_gain);
    list.add(at(atm::voltage_gain_a, 4, 1), phase.current_gain);
    list.add(at(atm::voltage_gain_a, 4, 2), phase.voltage_offset);
    list.add(at(atm::voltage_gain_a, 4, 3), phase.current_offset);
}

// A 32-bit two's complement value in steps of 0.00032 W, in mW.
std::int64_t power_mw(std::uint16_t high, std::uint16_t low) {
    const std::int32_t steps = static_cast<std::int32_t>((std::uint32_t{high} << 16) | low);
    return scaled(steps, 32, 100);
}

}  // namespace

AtmFrame atm_read(atm::Register reg) { return atm_write(static_cast<atm::Register>(reg | read_flag), 0); }

AtmFrame atm_write(atm::Register reg, std::uint16_t value) {
    return {static_cast<std::uint8_t>(reg >> 8), static_cast<std::uint8_t>(reg & 0xFF),
            static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xFF)};
}

std::uint16_t atm_value(const AtmFrame& received) { return be16(received, 2); }

std::array<AtmWrite, atm_setup_length> atm_setup(const AtmCalibration& calibration) {
    SetupList list;
    list.add(atm::config_access, atm::access_key);
    list.add(atm::meter_enable, metering_on);
    list.add(atm::pl_constant_high, static_cast<std::uint16_t>(pl_constant >> 16));
    list.add(atm::pl_constant_low, static_cast<std::uint16_t>(pl_constant & 0xFFFF));
    std::uint16_t mode = three_phase_four_wire;
    if (calibration.mains_60_hz) mode |= mains_60_hz_bit;
    list.add(atm::metering_mode_0, mode);
    list.add(atm::metering_mode_1, calibration.current_channel_gain);
    list.add(atm::frequency_low, calibration.mains_60_hz ? 5'700 : 4'700);  // 0.01 Hz
    list.add(atm::frequency_high, calibration.mains_60_hz ? 6'300 : 5'300);
    list.add(atm::active_start, start_threshold);
    list.add(atm::reactive_start, start_threshold);
    list.add(atm::apparent_start, start_threshold);
    list.add(atm::active_phase_start, phase_start_threshold);
    list.add(atm::reactive_phase_start, phase_start_threshold);
    for (std::uint16_t phase = 0; phase < 3; ++phase) add_phase(list, calibration.phase[phase], phase);
    list.add(atm::config_access, 0);
    return list.list();
}

Measured AtmEnergy::watt_hours() const {
    const std::uint64_t hours = units_ / 320;
    constexpr std::int32_t limit = std::numeric_limits<std::int32_t>::max();
    if (hours > static_cast<std::uint64_t>(limit)) return Measured::bad(Quality::out_of_range);
    return Measured::good(static_cast<std::int32_t>(hours));
}

ElectricalSample atm_decode(const AtmWords& words, bool verified, const AtmEnergy& energy, bool calibrated) {
    // After a brown-out of the meter alone its registers are back at their defaults: metering is off.
    if (!verified || words[0] != metering_on) return ElectricalSample::all(Quality::comm_error);
    if (!calibrated) return ElectricalSample::all(Quality::uncalibrated);
    ElectricalSample sample;
    for (std::size_t phase = 0; phase < 3; ++phase) {
        sample.voltage[phase] = measured_within(std::int64_t{words[1 + phase]} * 10, 0, 655'350);
        sample.current[phase] = measured_within(words[4 + phase], 0, 65'535);
        const std::int64_t power = power_mw(words[7 + 2 * phase], words[8 + 2 * phase]);
        sample.power[phase] = measured_within(power, -50'000'000, 50'000'000);
    }
    sample.active_power = sum_of(sample.power);
    sample.power_factor = measured_within(static_cast<std::int16_t>(words[13]), -1'000, 1'000);
    sample.frequency = measured_within(std::int64_t{words[14]} * 10, 45'000, 65'000);
    sample.energy = energy.watt_hours();
    return sample;
}

}  // namespace egiz::sensors
