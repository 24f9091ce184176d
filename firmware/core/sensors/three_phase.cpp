#include "three_phase.hpp"

#include <algorithm>
#include <limits>

namespace egiz::sensors {
namespace {

Measured first_good(std::span<const PzemReply> phases, Measured PzemSample::*field) {
    Measured best = Measured::bad(Quality::absent);
    for (const PzemReply& phase : phases) {
        const Measured& measured = phase.sample.*field;
        if (severity(measured.quality) < severity(best.quality)) best = measured;
    }
    return best;
}

}  // namespace

Measured sum_of(std::span<const Measured> parts) {
    Quality quality = Quality::ok;
    std::int64_t total = 0;
    for (const Measured& part : parts) {
        quality = worse(quality, part.quality);
        total += part.raw;
    }
    if (parts.empty()) quality = Quality::absent;
    constexpr std::int32_t limit = std::numeric_limits<std::int32_t>::max();
    return with_quality(measured_within(total, -limit, limit), quality);
}

Measured total_power_factor(const ElectricalSample& sample, std::size_t phases) {
    Quality quality = sample.active_power.quality;
    std::int64_t apparent_uva = 0;
    for (std::size_t phase = 0; phase < phases; ++phase) {
        const Measured& volts = sample.voltage[phase];
        const Measured& amps = sample.current[phase];
        quality = worse(quality, worse(volts.quality, amps.quality));
        apparent_uva += std::int64_t{volts.raw} * amps.raw;
    }
    if (quality != Quality::ok) return Measured::bad(quality);
    // No current, no factor: the meters report 0 there themselves.
    if (apparent_uva == 0) return Measured::good(0);
    const std::int64_t factor = scaled(sample.active_power.raw, 1'000'000, apparent_uva);
    // Each meter rounds on its own, so a purely resistive load can come out a little above one.
    const std::int64_t clipped = factor > 1'000 && factor <= 1'020 ? 1'000 : factor;
    return measured_within(clipped, -1'000, 1'000);
}

ElectricalSample ElectricalSample::all(Quality why) {
    const Measured none = Measured::bad(why);
    return {{none, none, none}, {none, none, none}, {none, none, none}, none, none, none, none};
}

ElectricalSample combine_phases(std::span<const PzemReply> phases) {
    ElectricalSample sample = ElectricalSample::all(Quality::absent);
    const std::size_t count = std::min<std::size_t>(phases.size(), 3);
    if (count == 0) return sample;
    std::array<Measured, 3> energy{};
    for (std::size_t phase = 0; phase < count; ++phase) {
        const PzemSample& meter = phases[phase].sample;
        sample.voltage[phase] = meter.voltage;
        sample.current[phase] = meter.current;
        sample.power[phase] = meter.power;
        energy[phase] = meter.energy;
    }
    sample.active_power = sum_of(std::span(sample.power).first(count));
    sample.energy = sum_of(std::span(energy).first(count));
    // One grid has one frequency; it may be read from any phase that answers.
    sample.frequency = first_good(phases.first(count), &PzemSample::frequency);
    // One meter's own factor is finer than one computed from its rounded volts and amps.
    sample.power_factor = count == 1 ? phases[0].sample.power_factor : total_power_factor(sample, count);
    return sample;
}

ElectricalReading to_reading(const ElectricalSample& sample) {
    ElectricalReading reading;
    for (std::size_t phase = 0; phase < 3; ++phase) {
        reading.voltage[phase] = divided(sample.voltage[phase], 100);
        reading.current[phase] = sample.current[phase];
    }
    reading.active_power = divided(sample.active_power, 100);
    reading.power_factor = sample.power_factor;
    reading.energy = divided(sample.energy, 10);
    reading.frequency = divided(sample.frequency, 10);
    return reading;
}

}  // namespace egiz::sensors
