#include "max31855.hpp"

#include "thermocouple_k.hpp"

namespace egiz::sensors {
namespace {

constexpr std::uint32_t open_bit = 1U << 0;
constexpr std::uint32_t ground_bit = 1U << 1;
constexpr std::uint32_t supply_bit = 1U << 2;
constexpr std::uint32_t fault_bit = 1U << 16;
// Always 0 on a working bus: set when MISO hangs high.
constexpr std::uint32_t reserved_bits = (1U << 17) | (1U << 3);

Max31855Sample without_value(Quality why) {
    return {Measured::bad(why), Measured::bad(why), false, false, false};
}

}  // namespace

Max31855Sample max31855_decode(Bytes word) {
    if (word.size() != max31855_word_size) return without_value(Quality::comm_error);
    const std::uint32_t raw = be32(word, 0);
    // Both junctions at exactly 0.00 degC is what a MISO line held low looks like; a real oven never stays there.
    if (raw == 0 || (raw & reserved_bits) != 0) return without_value(Quality::comm_error);

    Max31855Sample sample;
    const std::int32_t cold = signed_field((raw >> 4) & 0xFFF, 12) * 125 / 2;  // 0.0625 degC
    const std::int32_t linear = signed_field(raw >> 18, 14) * 250;             // 0.25 degC
    sample.cold_junction = measured_within(cold, -40'000, 125'000);
    sample.open = (raw & open_bit) != 0;
    sample.short_to_ground = (raw & ground_bit) != 0;
    sample.short_to_supply = (raw & supply_bit) != 0;
    if ((raw & (fault_bit | open_bit | ground_bit | supply_bit)) != 0) {
        sample.temperature = Measured::bad(Quality::fault);
        return sample;
    }
    if (sample.cold_junction.quality != Quality::ok) {
        sample.temperature = Measured::bad(sample.cold_junction.quality);
        return sample;
    }
    sample.temperature = type_k_linearised(linear, cold);
    return sample;
}

}  // namespace egiz::sensors
