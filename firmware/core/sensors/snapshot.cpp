#include "snapshot.hpp"

namespace egiz::sensors {

void mark_all(Reading& reading, Quality why) {
    const Measured none = Measured::bad(why);
    switch (reading.kind) {
        case SensorKind::electrical: {
            ElectricalReading& electrical = reading.electrical;
            electrical.voltage.fill(none);
            electrical.current.fill(none);
            electrical.power_factor = electrical.active_power = electrical.energy = electrical.frequency = none;
            break;
        }
        case SensorKind::thermal:
            reading.thermal.zone.fill(none);
            reading.thermal.setpoint = none;
            reading.thermal.heating = Heating::unknown;
            break;
        case SensorKind::environmental: {
            EnvironmentalReading& air = reading.environmental;
            air.temperature = air.humidity = air.pressure = air.co2 = none;
            break;
        }
    }
}

void Snapshot::store(const Reading& reading, std::uint64_t now_ms) {
    latest_ = reading;
    stored_ms_ = now_ms;
    sampled_ = true;
}

void Snapshot::take(SensorKind kind, std::uint64_t now_ms, Reading& out) const {
    out = latest_;
    out.kind = kind;
    if (!sampled_) {
        mark_all(out, Quality::absent);
    } else if (now_ms > stored_ms_ && now_ms - stored_ms_ > max_age_ms_) {
        mark_all(out, Quality::stale);
    }
}

}  // namespace egiz::sensors
