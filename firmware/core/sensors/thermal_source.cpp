#include "thermal_source.hpp"

#include <algorithm>

namespace egiz::sensors {
namespace {

constexpr std::int32_t setpoint_step_mc = 100;  // PRD: 0.1 degC
constexpr std::uint32_t heating_settle_ms = 200;

}  // namespace

ThermalSource::ThermalSource(SpiBus& spi, ThermalInputs& inputs, const ThermalSetup& setup)
    : spi_(spi), inputs_(inputs), setup_(setup), setpoint_(setpoint_step_mc), heating_(heating_settle_ms) {
    setup_.zones = std::min(setup_.zones, max_zones);
}

Measured ThermalSource::read_max31855(std::uint8_t chip_select) {
    const std::array<std::uint8_t, max31855_word_size> idle{};
    std::array<std::uint8_t, max31855_word_size> word{};
    if (!spi_.transfer(chip_select, idle, word)) return Measured::bad(Quality::comm_error);
    return max31855_decode(word).temperature;
}

Measured ThermalSource::read_max31865(std::uint8_t chip_select) {
    const auto request = max31865_read_all();
    std::array<std::uint8_t, request.size()> answer{};
    if (!spi_.transfer(chip_select, request, answer)) return Measured::bad(Quality::comm_error);
    const Max31865Sample sample = max31865_decode(Bytes(answer).subspan(1), setup_.rtd);
    if (!sample.configured || sample.temperature.quality == Quality::fault) {
        // A power cycle of the part, or a latched fault that may be gone: written again, looked at next time.
        std::array<std::uint8_t, 2> ignored{};
        const auto write = max31865_write_configuration(max31865_configuration_clearing(setup_.rtd));
        if (!spi_.transfer(chip_select, write, ignored)) return Measured::bad(Quality::comm_error);
    }
    return sample.temperature;
}

Measured ThermalSource::read_zone(std::size_t zone) {
    const auto chip_select = static_cast<std::uint8_t>(zone);
    return setup_.part[zone] == ZonePart::max31855 ? read_max31855(chip_select) : read_max31865(chip_select);
}

void ThermalSource::sample(std::uint64_t monotonic_ms, Reading& out) {
    poll_inputs(monotonic_ms);
    out.kind = SensorKind::thermal;
    ThermalReading thermal;
    thermal.zone_count = static_cast<std::uint8_t>(setup_.zones);
    for (std::size_t zone = 0; zone < setup_.zones; ++zone) {
        Measured measured = read_zone(zone);
        if (measured.quality == Quality::comm_error) {
            presence_[zone].failed(monotonic_ms);
            measured = Measured::bad(presence_[zone].reason());
        } else {
            presence_[zone].answered();
        }
        thermal.zone[zone] = divided(filter_[zone].push(measured), 100);
    }
    thermal.setpoint = divided(setpoint_.reported(), 100);
    thermal.heating = heating_.state();
    out.thermal = thermal;
}

void ThermalSource::configure(std::uint8_t filter_window) {
    for (MedianFilter& filter : filter_) filter.set_window(filter_window);
}

bool ThermalSource::poll_inputs(std::uint64_t monotonic_ms) {
    bool changed = false;
    if (setup_.setpoint_fitted) {
        const Result<std::int32_t> millivolts = inputs_.setpoint_millivolts();
        const Measured setpoint = millivolts.ok() ? loop_value(millivolts.value(), setup_.setpoint)
                                                  : Measured::bad(Quality::comm_error);
        changed = setpoint_.push(setpoint);
    }
    if (setup_.heating_fitted) changed = heating_.push(inputs_.heating_closed(), monotonic_ms) || changed;
    return changed;
}

}  // namespace egiz::sensors
