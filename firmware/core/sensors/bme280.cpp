#include "bme280.hpp"

#include <algorithm>
#include <cmath>

namespace egiz::sensors {
namespace {

// What the registers hold when the quantity was switched off or never measured.
constexpr std::int32_t skipped_20_bit = 0x80000;
constexpr std::int32_t skipped_16_bit = 0x8000;

bool blank(Bytes bytes) {
    const auto same_as_first = [&](std::uint8_t byte) { return byte == bytes[0]; };
    return (bytes[0] == 0x00 || bytes[0] == 0xFF) && std::all_of(bytes.begin(), bytes.end(), same_as_first);
}

std::int32_t unsigned_20(Bytes data, std::size_t at) {
    return (data[at] << 12) | (data[at + 1] << 4) | (data[at + 2] >> 4);
}

// The intermediate temperature that pressure and humidity are corrected with. 64 bits throughout: what a damaged
// trimming block or a noisy bus can hold overflows the 32-bit form.
std::int64_t fine_temperature(std::int32_t raw, const Bme280Trimming& trim) {
    const std::int64_t first = ((std::int64_t{raw} >> 3) - (std::int64_t{trim.t1} << 1)) * trim.t2 >> 11;
    const std::int64_t offset = (std::int64_t{raw} >> 4) - trim.t1;
    const std::int64_t second = ((offset * offset) >> 12) * trim.t3 >> 14;
    return first + second;
}

// Pa. In floating point, the form the data sheet gives first: with trimming values that only a damaged block holds, the
// 64-bit integer form overflows.
Measured pressure_pa(std::int32_t raw, std::int64_t fine, const Bme280Trimming& trim) {
    const double centred = static_cast<double>(fine) / 2.0 - 64'000.0;
    double slope = centred * centred * trim.p[4] / 32'768.0;
    slope += centred * trim.p[3] * 2.0;
    slope = slope / 4.0 + trim.p[2] * 65'536.0;
    double scale = (trim.p[1] * centred * centred / 524'288.0 + trim.p[0] * centred) / 524'288.0;
    scale = (1.0 + scale / 32'768.0) * trim.p1;
    double pressure = (1'048'576.0 - raw - slope / 4'096.0) * 6'250.0 / scale;
    const double square = trim.p[7] * pressure * pressure / 2'147'483'648.0;
    const double linear = pressure * trim.p[6] / 32'768.0;
    pressure += (square + linear + trim.p[5]) / 16.0;
    // Written so that infinity and NaN (a scale of zero) are out of range too.
    if (!(pressure >= 30'000.0 && pressure <= 110'000.0)) return Measured::bad(Quality::out_of_range);
    return Measured::good(static_cast<std::int32_t>(std::lround(pressure)));
}

// 1/1024 %RH, kept to what the formula's source keeps it to: 0 to 100.
std::int64_t humidity_1024(std::int32_t raw, std::int64_t fine, const Bme280Trimming& trim) {
    const std::int64_t centred = fine - 76'800;
    const std::int64_t level =
        ((std::int64_t{raw} << 14) - (std::int64_t{trim.h4} << 20) - trim.h5 * centred + 16'384) >> 15;
    const std::int64_t drift = (((centred * trim.h6) >> 10) * (((centred * trim.h3) >> 11) + 32'768)) >> 10;
    const std::int64_t gain = ((drift + 2'097'152) * trim.h2 + 8'192) >> 14;
    std::int64_t humidity = level * gain;
    const std::int64_t shortened = humidity >> 15;
    humidity -= (((shortened * shortened) >> 7) * trim.h1) >> 4;
    return std::clamp<std::int64_t>(humidity, 0, 419'430'400) >> 12;
}

Bme280Sample without_value(Quality why) { return {Measured::bad(why), Measured::bad(why), Measured::bad(why)}; }

}  // namespace

std::optional<Bme280Trimming> bme280_trimming(Bytes low, Bytes high) {
    if (low.size() != bme280_trimming_low_size || high.size() != bme280_trimming_high_size) return std::nullopt;
    if (blank(low) || blank(high)) return std::nullopt;
    Bme280Trimming trim;
    trim.t1 = le16(low, 0);
    trim.t2 = le16s(low, 2);
    trim.t3 = le16s(low, 4);
    trim.p1 = le16(low, 6);
    for (std::size_t i = 0; i < trim.p.size(); ++i) trim.p[i] = le16s(low, 8 + 2 * i);
    trim.h1 = low[25];
    trim.h2 = le16s(high, 0);
    trim.h3 = high[2];
    // h4 and h5 are 12 bits each and share the byte E5h.
    trim.h4 = static_cast<std::int16_t>(signed_field((std::uint32_t{high[3]} << 4) | (high[4] & 0x0FU), 12));
    trim.h5 = static_cast<std::int16_t>(signed_field((std::uint32_t{high[5]} << 4) | (high[4] >> 4), 12));
    trim.h6 = static_cast<std::int8_t>(high[6]);
    if (trim.t1 == 0 || trim.p1 == 0) return std::nullopt;
    return trim;
}

Bme280Sample bme280_decode(Bytes data, const Bme280Trimming& trimming) {
    if (data.size() != bme280_data_size || blank(data)) return without_value(Quality::comm_error);
    const std::int32_t raw_pressure = unsigned_20(data, 0);
    const std::int32_t raw_temperature = unsigned_20(data, 3);
    const std::int32_t raw_humidity = be16(data, 6);
    // Without a temperature neither of the others can be corrected.
    if (raw_temperature == skipped_20_bit) return without_value(Quality::comm_error);

    const std::int64_t fine = fine_temperature(raw_temperature, trimming);
    Bme280Sample sample = without_value(Quality::comm_error);
    sample.temperature = measured_within(((fine * 5 + 128) >> 8) * 10, -40'000, 85'000);
    // Outside the part's own range the corrections are not specified, and the products below could overflow.
    if (sample.temperature.quality != Quality::ok) return without_value(sample.temperature.quality);
    if (raw_pressure != skipped_20_bit) sample.pressure = pressure_pa(raw_pressure, fine, trimming);
    if (raw_humidity != skipped_16_bit) {
        const std::int64_t humidity = humidity_1024(raw_humidity, fine, trimming);
        sample.humidity = measured_within(scaled(humidity, 1000, 1024), 0, 100'000);
    }
    return sample;
}

}  // namespace egiz::sensors
