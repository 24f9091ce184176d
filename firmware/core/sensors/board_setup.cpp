#include "board_setup.hpp"

#include <algorithm>
#include <charconv>

namespace egiz::sensors {
namespace {

// The number at the front of `text`, which is shortened by it.
template <class Number>
bool take_number(std::string_view& text, Number& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take_comma(std::string_view& text) {
    if (text.empty() || text.front() != ',') return false;
    text.remove_prefix(1);
    return true;
}

bool set_zone(char letter, std::size_t zone, ThermalSetup& setup) {
    if (letter == 'k') {
        setup.part[zone] = ZonePart::max31855;
        return true;
    }
    if (letter != 'p' && letter != 'P') return false;
    setup.part[zone] = ZonePart::max31865;
    if (letter == 'P') {
        setup.rtd.reference_mohm = 4'000'000;
        setup.rtd.zero_mohm = 1'000'000;
    }
    return true;
}

bool set_setpoint(std::string_view text, ThermalSetup& setup) {
    if (text.empty()) return true;
    std::int16_t low = 0;
    std::int16_t high = 0;
    if (!take_number(text, low) || text.empty() || text.front() != ':') return false;
    text.remove_prefix(1);
    if (!take_number(text, high) || !text.empty() || low == high) return false;
    if (std::min(low, high) < -273 || std::max(low, high) > 2000) return false;
    setup.setpoint.at_4_ma = low * 1000;
    setup.setpoint.at_20_ma = high * 1000;
    setup.setpoint_fitted = true;
    return true;
}

}  // namespace

Result<bool> mains_is_60_hz(std::string_view text) {
    if (text.empty() || text == "50") return false;
    if (text == "60") return true;
    return Err::bad_argument;
}

Result<PzemSetup> pzem_setup(std::string_view phases) {
    PzemSetup setup;
    if (phases == "1") {
        setup.phases = 1;
    } else if (!phases.empty() && phases != "3") {
        return Err::bad_argument;
    }
    return setup;
}

Result<AtmCalibration> meter_calibration(std::string_view text, bool mains_60_hz) {
    AtmCalibration calibration;
    calibration.mains_60_hz = mains_60_hz;
    if (text.empty()) return calibration;
    for (std::size_t phase = 0; phase < 3; ++phase) {
        AtmPhaseCalibration& values = calibration.phase[phase];
        for (std::uint16_t* value : {&values.voltage_gain, &values.current_gain, &values.power_gain, &values.phase_angle}) {
            const bool first = phase == 0 && value == &values.voltage_gain;
            if (!first && !take_comma(text)) return Err::bad_argument;
            if (!take_number(text, *value)) return Err::bad_argument;
        }
    }
    if (!text.empty()) return Err::bad_argument;
    calibration.calibrated = true;
    return calibration;
}

Result<ThermalSetup> thermal_setup(std::string_view zones, std::string_view setpoint, bool mains_60_hz) {
    ThermalSetup setup;
    setup.rtd.mains_60_hz = mains_60_hz;
    if (zones.empty()) zones = "kkk";
    if (zones.size() > max_zones) return Err::bad_argument;
    const bool mixed = zones.find('p') != std::string_view::npos && zones.find('P') != std::string_view::npos;
    if (mixed) return Err::bad_argument;
    setup.zones = zones.size();
    for (std::size_t zone = 0; zone < zones.size(); ++zone) {
        if (!set_zone(zones[zone], zone, setup)) return Err::bad_argument;
    }
    if (!set_setpoint(setpoint, setup)) return Err::bad_argument;
    setup.heating_fitted = true;
    return setup;
}

}  // namespace egiz::sensors
