#include "plausible.hpp"

#include <algorithm>

namespace egiz {
namespace {

void limit(Measured& m, std::int32_t minimum, std::int32_t maximum) {
    if (m.quality == Quality::ok && (m.raw < minimum || m.raw > maximum)) m = Measured::bad(Quality::out_of_range);
    if (m.quality != Quality::ok) m.raw = 0;
}

}  // namespace

void mark_implausible(Reading& reading) {
    ElectricalReading& e = reading.electrical;
    for (Measured& v : e.voltage) limit(v, 0, 10'000);
    for (Measured& i : e.current) limit(i, 0, 10'000'000);
    limit(e.power_factor, -1000, 1000);
    limit(e.active_power, -1'000'000'000, 1'000'000'000);
    limit(e.energy, 0, 2'147'483'647);
    limit(e.frequency, 0, 10'000);
    ThermalReading& t = reading.thermal;
    for (Measured& z : t.zone) limit(z, -2000, 18'000);
    limit(t.setpoint, -2000, 18'000);
    if (t.zone_count > max_zones) t.zone_count = max_zones;
    EnvironmentalReading& v = reading.environmental;
    limit(v.temperature, -6000, 10'000);
    limit(v.humidity, 0, 10'000);
    limit(v.pressure, 30'000, 120'000);
    limit(v.co2, 0, 50'000);
}

bool any_good(const Reading& reading) {
    const auto good = [](const Measured& m) { return publishable(m.quality); };
    const ElectricalReading& e = reading.electrical;
    const EnvironmentalReading& v = reading.environmental;
    switch (reading.kind) {
        case SensorKind::electrical:
            return std::any_of(e.voltage.begin(), e.voltage.end(), good) || std::any_of(e.current.begin(), e.current.end(), good) ||
                   good(e.power_factor) || good(e.active_power) || good(e.energy) || good(e.frequency);
        case SensorKind::thermal: return std::any_of(reading.thermal.zone.begin(), reading.thermal.zone.end(), good);
        case SensorKind::environmental: return good(v.temperature) || good(v.humidity) || good(v.pressure) || good(v.co2);
    }
    return false;
}

}  // namespace egiz
