#include "record.hpp"

#include <limits>

#include "bytes.hpp"

namespace egiz {
namespace {

constexpr std::size_t crc_offset = record_size - 2;
constexpr std::uint8_t kind_mask = 0x03;
constexpr std::uint8_t flag_time_valid = 0x04;
constexpr std::uint8_t flags_known = kind_mask | flag_time_valid;

// Packs a value into `bytes` and its quality into 3 bits of a growing word.
class BodyWriter {
  public:
    explicit BodyWriter(ByteWriter& out) : out_(out) {}

    void put(const Measured& m, std::size_t bytes, bool is_signed) {
        Quality quality = m.quality;
        std::int64_t raw = quality == Quality::ok ? m.raw : 0;
        const std::int64_t span = std::int64_t{1} << (8 * bytes - (is_signed ? 1 : 0));
        if (raw >= span || raw < (is_signed ? -span : 0)) {
            raw = 0;
            quality = Quality::out_of_range;
        }
        out_.le(static_cast<std::uint64_t>(raw), bytes);
        qualities_ |= static_cast<std::uint32_t>(quality) << shift_;
        shift_ += 3;
    }
    [[nodiscard]] std::uint32_t qualities() const { return qualities_; }

  private:
    ByteWriter& out_;
    std::uint32_t qualities_ = 0;
    unsigned shift_ = 0;
};

class BodyReader {
  public:
    BodyReader(ByteReader& in, std::uint32_t qualities) : in_(in), qualities_(qualities) {}

    Measured get(std::size_t bytes, bool is_signed) {
        const auto code = static_cast<std::uint8_t>(qualities_ & 7U);
        qualities_ >>= 3;
        std::uint64_t raw = in_.le(bytes);
        if (code > static_cast<std::uint8_t>(Quality::uncalibrated)) valid_ = false;
        if (is_signed && bytes < 8 && ((raw >> (8 * bytes - 1)) & 1U) != 0) raw |= ~std::uint64_t{0} << (8 * bytes);
        const auto value = static_cast<std::int64_t>(raw);
        if (value > std::numeric_limits<std::int32_t>::max()) valid_ = false;
        if (code != 0 && value != 0) valid_ = false;
        return {static_cast<std::int32_t>(value), static_cast<Quality>(code)};
    }
    // Also false when bits are set for which there is no field.
    [[nodiscard]] bool valid() const { return valid_ && qualities_ == 0; }

  private:
    ByteReader& in_;
    std::uint32_t qualities_;
    bool valid_ = true;
};

void encode_electrical(const ElectricalReading& r, BodyWriter& body) {
    for (const Measured& v : r.voltage) body.put(v, 2, false);
    for (const Measured& i : r.current) body.put(i, 4, false);
    body.put(r.power_factor, 2, true);
    body.put(r.active_power, 4, true);
    body.put(r.energy, 4, false);
    body.put(r.frequency, 2, false);
}

void decode_electrical(ElectricalReading& r, BodyReader& body) {
    for (Measured& v : r.voltage) v = body.get(2, false);
    for (Measured& i : r.current) i = body.get(4, false);
    r.power_factor = body.get(2, true);
    r.active_power = body.get(4, true);
    r.energy = body.get(4, false);
    r.frequency = body.get(2, false);
}

void encode_thermal(const ThermalReading& r, BodyWriter& body) {
    for (const Measured& z : r.zone) body.put(z, 2, true);
    body.put(r.setpoint, 2, true);
}

void decode_thermal(ThermalReading& r, BodyReader& body) {
    for (Measured& z : r.zone) z = body.get(2, true);
    r.setpoint = body.get(2, true);
}

void encode_environmental(const EnvironmentalReading& r, BodyWriter& body) {
    body.put(r.temperature, 2, true);
    body.put(r.humidity, 2, false);
    body.put(r.pressure, 4, false);
    body.put(r.co2, 2, false);
}

void decode_environmental(EnvironmentalReading& r, BodyReader& body) {
    r.temperature = body.get(2, true);
    r.humidity = body.get(2, false);
    r.pressure = body.get(4, false);
    r.co2 = body.get(2, false);
}

std::uint32_t encode_body(const Reading& reading, ByteWriter& out) {
    BodyWriter body(out);
    switch (reading.kind) {
        case SensorKind::electrical: encode_electrical(reading.electrical, body); break;
        case SensorKind::thermal:
            encode_thermal(reading.thermal, body);
            out.le(reading.thermal.zone_count, 1);
            out.le(static_cast<std::uint64_t>(reading.thermal.heating), 1);
            break;
        case SensorKind::environmental: encode_environmental(reading.environmental, body); break;
    }
    return body.qualities();
}

bool decode_body(Reading& reading, ByteReader& in, std::uint32_t qualities) {
    BodyReader body(in, qualities);
    switch (reading.kind) {
        case SensorKind::electrical: decode_electrical(reading.electrical, body); break;
        case SensorKind::thermal: {
            decode_thermal(reading.thermal, body);
            reading.thermal.zone_count = static_cast<std::uint8_t>(in.le(1));
            const auto heating = static_cast<std::uint8_t>(in.le(1));
            if (reading.thermal.zone_count > max_zones || heating > 2) return false;
            reading.thermal.heating = static_cast<Heating>(heating);
            break;
        }
        case SensorKind::environmental: decode_environmental(reading.environmental, body); break;
        default: return false;
    }
    return body.valid() && !in.failed();
}

}  // namespace

void encode(const Record& record, RecordBytes& out) {
    out.fill(0);
    const std::span<std::uint8_t> all(out);
    ByteWriter head(all.first(crc_offset));
    head.le(record.seq, 4);
    head.le(record.boot_id, 4);
    head.le(record.time_ms, 6);
    std::uint8_t flags = static_cast<std::uint8_t>(record.reading.kind) & kind_mask;
    if (record.time_valid) flags = static_cast<std::uint8_t>(flags | flag_time_valid);
    head.le(flags, 1);
    head.le(static_cast<std::uint8_t>(record.rssi), 1);
    head.le(record.uptime_s, 4);
    constexpr std::size_t quality_offset = 20;
    ByteWriter body(all.subspan(quality_offset + 4, crc_offset - quality_offset - 4));
    head.le(encode_body(record.reading, body), 4);
    const std::uint16_t crc = crc16(all.first(crc_offset));
    out[crc_offset] = static_cast<std::uint8_t>(crc);
    out[crc_offset + 1] = static_cast<std::uint8_t>(crc >> 8);
}

Result<Record> decode(const RecordBytes& in) {
    const std::span<const std::uint8_t> all(in);
    const auto stored = static_cast<std::uint16_t>(in[crc_offset] | (in[crc_offset + 1] << 8));
    if (crc16(all.first(crc_offset)) != stored) return Err::corrupt;
    ByteReader reader(all.first(crc_offset));
    Record record;
    record.seq = reader.u32();
    record.boot_id = reader.u32();
    record.time_ms = reader.le(6);
    const auto flags = static_cast<std::uint8_t>(reader.le(1));
    if ((flags & ~flags_known) != 0) return Err::corrupt;
    record.time_valid = (flags & flag_time_valid) != 0;
    record.reading.kind = static_cast<SensorKind>(flags & kind_mask);
    record.rssi = static_cast<std::int8_t>(static_cast<std::uint8_t>(reader.le(1)));
    record.uptime_s = reader.u32();
    const std::uint32_t qualities = reader.u32();
    if (!decode_body(record.reading, reader, qualities)) return Err::corrupt;
    return record;
}

}  // namespace egiz
