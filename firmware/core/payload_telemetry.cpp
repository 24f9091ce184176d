#include "payloads.hpp"
#include "timestamp.hpp"

namespace egiz {
namespace {

constexpr std::array<std::string_view, max_phases> phase_names{"a", "b", "c"};

void value(JsonWriter& out, std::string_view name, const Measured& m, unsigned decimals) {
    if (publishable(m.quality)) out.key(name).decimal(m.raw, decimals);
}

// {"value": 24.5, "unit": "C"}
void value_with_unit(JsonWriter& out, std::string_view group, std::string_view name, const Measured& m, unsigned decimals,
                     std::string_view unit) {
    if (!publishable(m.quality)) return;
    out.key(group).open_object().key(name).decimal(m.raw, decimals).key("unit").text(unit).close_object();
}

void phases(JsonWriter& out, std::string_view group, const std::array<Measured, max_phases>& values, unsigned decimals,
            std::string_view unit) {
    bool any = false;
    for (const Measured& m : values) any = any || publishable(m.quality);
    if (!any) return;
    out.key(group).open_object();
    for (std::size_t i = 0; i < max_phases; ++i) value(out, phase_names[i], values[i], decimals);
    out.key("unit").text(unit).close_object();
}

void electrical(JsonWriter& out, const ElectricalReading& r) {
    phases(out, "voltage", r.voltage, 1, "V");
    phases(out, "current", r.current, 3, "A");
    value(out, "power_factor", r.power_factor, 3);
    value_with_unit(out, "active_power", "total", r.active_power, 4, "kW");
    value_with_unit(out, "energy", "total", r.energy, 2, "kWh");
    value(out, "frequency", r.frequency, 2);
}

void thermal(JsonWriter& out, const ThermalReading& r) {
    out.key("temperature_zones").open_array();
    for (std::size_t i = 0; i < r.zone_count && i < max_zones; ++i) {
        if (!publishable(r.zone[i].quality)) continue;
        out.open_object().key("zone").unsigned_integer(i + 1).key("value").decimal(r.zone[i].raw, 1);
        out.key("unit").text("C").close_object();
    }
    out.close_array();
    value(out, "setpoint", r.setpoint, 1);
    if (r.heating != Heating::unknown) out.key("heating_active").boolean(r.heating == Heating::on);
}

void environmental(JsonWriter& out, const EnvironmentalReading& r) {
    value_with_unit(out, "ambient_temperature", "value", r.temperature, 2, "C");
    value_with_unit(out, "humidity", "value", r.humidity, 2, "%RH");
    value_with_unit(out, "pressure", "value", r.pressure, 2, "hPa");
    value_with_unit(out, "co2", "value", r.co2, 0, "ppm");
}

// Collects the codes of what is missing; an object only appears when there is something to say.
class QualityNotes {
  public:
    explicit QualityNotes(JsonWriter& out) : out_(out) {}
    ~QualityNotes() {
        if (open_) out_.close_object();
    }
    QualityNotes(const QualityNotes&) = delete;
    QualityNotes& operator=(const QualityNotes&) = delete;

    void note(std::string_view name, const Measured& m) {
        if (publishable(m.quality)) return;
        if (!open_) out_.key("quality").open_object();
        open_ = true;
        out_.key(name).text(to_string(m.quality));
    }
    // For values that a board need not have at all.
    void note_fitted(std::string_view name, const Measured& m) {
        if (m.quality != Quality::absent) note(name, m);
    }

  private:
    JsonWriter& out_;
    bool open_ = false;
};

void note_electrical(QualityNotes& notes, const ElectricalReading& r) {
    static constexpr std::array<std::string_view, max_phases> voltage{"voltage.a", "voltage.b", "voltage.c"};
    static constexpr std::array<std::string_view, max_phases> current{"current.a", "current.b", "current.c"};
    for (std::size_t i = 0; i < max_phases; ++i) notes.note(voltage[i], r.voltage[i]);
    for (std::size_t i = 0; i < max_phases; ++i) notes.note(current[i], r.current[i]);
    notes.note("power_factor", r.power_factor);
    notes.note("active_power", r.active_power);
    notes.note_fitted("energy", r.energy);
    notes.note("frequency", r.frequency);
}

void note_thermal(QualityNotes& notes, const ThermalReading& r) {
    static constexpr std::array<std::string_view, max_zones> zones{
        "temperature_zones.1", "temperature_zones.2", "temperature_zones.3", "temperature_zones.4",
        "temperature_zones.5", "temperature_zones.6", "temperature_zones.7", "temperature_zones.8"};
    for (std::size_t i = 0; i < r.zone_count && i < max_zones; ++i) notes.note(zones[i], r.zone[i]);
    if (r.zone_count == 0) notes.note("temperature_zones", {});
    notes.note_fitted("setpoint", r.setpoint);
}

void note_environmental(QualityNotes& notes, const EnvironmentalReading& r) {
    notes.note("ambient_temperature", r.temperature);
    notes.note("humidity", r.humidity);
    notes.note("pressure", r.pressure);
    notes.note("co2", r.co2);
}

void note_quality(JsonWriter& out, const Reading& reading) {
    QualityNotes notes(out);
    switch (reading.kind) {
        case SensorKind::electrical: note_electrical(notes, reading.electrical); break;
        case SensorKind::thermal: note_thermal(notes, reading.thermal); break;
        case SensorKind::environmental: note_environmental(notes, reading.environmental); break;
    }
}

void measurements(JsonWriter& out, const Reading& reading) {
    out.key("measurements").open_object();
    switch (reading.kind) {
        case SensorKind::electrical: electrical(out, reading.electrical); break;
        case SensorKind::thermal: thermal(out, reading.thermal); break;
        case SensorKind::environmental: environmental(out, reading.environmental); break;
    }
    out.close_object();
}

}  // namespace

void write_telemetry(JsonWriter& out, const Record& record, const BoardIdentity& identity, std::uint64_t time_ms) {
    out.open_object();
    out.key("device_id").text(identity.device_id);
    out.key("thing_id").text(identity.thing_id);
    out.key("timestamp").text(format_timestamp(time_ms).view());
    out.key("sensor_type").text(to_string(record.reading.kind));
    measurements(out, record.reading);
    note_quality(out, record.reading);
    out.key("metadata").open_object();
    out.key("firmware_version").text(identity.firmware_version);
    if (record.rssi != 0) out.key("rssi").integer(record.rssi);
    out.key("uptime_seconds").unsigned_integer(record.uptime_s);
    out.key("boot_id").unsigned_integer(record.boot_id);
    out.key("seq").unsigned_integer(record.seq);
    out.close_object().close_object();
}

}  // namespace egiz
