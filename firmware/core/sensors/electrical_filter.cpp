#include "electrical_filter.hpp"

namespace egiz::sensors {

void ElectricalFilter::set_window(std::size_t samples) {
    for (std::size_t phase = 0; phase < 3; ++phase) {
        voltage_[phase].set_window(samples);
        current_[phase].set_window(samples);
    }
    active_power_.set_window(samples);
    power_factor_.set_window(samples);
    frequency_.set_window(samples);
}

void ElectricalFilter::apply(ElectricalReading& reading) {
    for (std::size_t phase = 0; phase < 3; ++phase) {
        reading.voltage[phase] = voltage_[phase].push(reading.voltage[phase]);
        reading.current[phase] = current_[phase].push(reading.current[phase]);
    }
    reading.active_power = active_power_.push(reading.active_power);
    reading.power_factor = power_factor_.push(reading.power_factor);
    reading.frequency = frequency_.push(reading.frequency);
}

}  // namespace egiz::sensors
