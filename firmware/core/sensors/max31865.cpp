#include "max31865.hpp"

#include <cmath>

namespace egiz::sensors {
namespace {

constexpr std::uint8_t bias_on = 0x80;
constexpr std::uint8_t continuous = 0x40;
constexpr std::uint8_t three_wire = 0x10;
constexpr std::uint8_t clear_faults = 0x02;
constexpr std::uint8_t filter_50_hz = 0x01;
constexpr std::uint8_t write_flag = 0x80;
// Bits 5 and 1 clear themselves and 3:2 report a running fault cycle: they do not come back as written.
constexpr std::uint8_t lasting_bits = bias_on | continuous | three_wire | filter_50_hz;

constexpr double cvd_a = 3.9083e-3;
constexpr double cvd_b = -5.775e-7;
constexpr double cvd_c = -4.183e-12;

// R(t)/R0 and its slope, below 0 degC.
double ratio_below_zero(double t) { return 1.0 + t * (cvd_a + t * (cvd_b + cvd_c * t * (t - 100.0))); }
double slope_below_zero(double t) { return cvd_a + t * (2.0 * cvd_b + cvd_c * t * (4.0 * t - 300.0)); }

double degrees_of_ratio(double ratio) {
    const double above = (-cvd_a + std::sqrt(cvd_a * cvd_a - 4.0 * cvd_b * (1.0 - ratio))) / (2.0 * cvd_b);
    if (ratio >= 1.0) return above;
    // The quadratic is a start within 3 degC; four Newton steps leave less than 1/1000 degC.
    double t = above;
    for (int step = 0; step < 4; ++step) t -= (ratio_below_zero(t) - ratio) / slope_below_zero(t);
    return t;
}

}  // namespace

std::uint8_t max31865_configuration(const RtdSetup& setup) {
    std::uint8_t value = bias_on | continuous;
    if (setup.wires == RtdWires::three) value |= three_wire;
    if (!setup.mains_60_hz) value |= filter_50_hz;
    return value;
}

std::uint8_t max31865_configuration_clearing(const RtdSetup& setup) {
    return max31865_configuration(setup) | clear_faults;
}

std::array<std::uint8_t, 2> max31865_write_configuration(std::uint8_t value) { return {write_flag, value}; }

std::array<std::uint8_t, 1 + max31865_register_count> max31865_read_all() { return {}; }

Measured platinum_degrees(double resistance_mohm, double zero_mohm) {
    if (!(zero_mohm > 0.0)) return Measured::bad(Quality::uncalibrated);
    const double ratio = resistance_mohm / zero_mohm;
    // 0.1852 and 3.9048 are the ends of the standard; outside them the polynomial says nothing.
    if (!(ratio >= 0.18 && ratio <= 3.91)) return Measured::bad(Quality::out_of_range);
    // Half a degree more than the standard: one step of the converter at its very end is no error.
    return measured_within(std::lround(degrees_of_ratio(ratio) * 1000.0), -200'500, 850'500);
}

Max31865Sample max31865_decode(Bytes registers, const RtdSetup& setup) {
    Max31865Sample sample;
    if (registers.size() != max31865_register_count) {
        sample.temperature = sample.resistance = Measured::bad(Quality::comm_error);
        return sample;
    }
    const std::uint8_t expected = max31865_configuration(setup) & lasting_bits;
    sample.configured = (registers[0] & lasting_bits) == expected;
    if (!sample.configured) {
        sample.temperature = sample.resistance = Measured::bad(Quality::comm_error);
        return sample;
    }
    sample.faults = registers[7];
    const std::uint16_t raw = be16(registers, 1);
    if ((raw & 1U) != 0 || sample.faults != 0) {
        sample.temperature = sample.resistance = Measured::bad(Quality::fault);
        return sample;
    }
    const double ohms = static_cast<double>(raw >> 1) * setup.reference_mohm / 32768.0;
    sample.resistance = measured_within(std::lround(ohms), 0, 5'000'000);
    sample.temperature = platinum_degrees(ohms, setup.zero_mohm);
    return sample;
}

}  // namespace egiz::sensors
