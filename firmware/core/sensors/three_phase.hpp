// What an electrical board publishes, whichever meter it has, in the meters' own fine units.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "measure.hpp"
#include "pzem004t.hpp"

namespace egiz::sensors {

struct ElectricalSample {
    std::array<Measured, 3> voltage;  // mV, phases a, b, c
    std::array<Measured, 3> current;  // mA
    std::array<Measured, 3> power;    // mW
    Measured active_power;            // mW, sum of the fitted phases
    Measured power_factor;            // 1/1000, of the whole
    Measured energy;                  // Wh
    Measured frequency;               // mHz

    static ElectricalSample all(Quality why);
};

// `phases` holds one reply for each fitted meter: one (phase a) or three. Totals exist only when every fitted phase
// is good: a sum over two of three phases would look like a machine running at less load.
ElectricalSample combine_phases(std::span<const PzemReply> phases);

// The sum of good parts, or the worst reason among them.
Measured sum_of(std::span<const Measured> parts);

// Total active over total apparent power of the first `phases` phases. Their own factors cannot be averaged: a
// lightly loaded phase would weigh as much as a heavily loaded one.
Measured total_power_factor(const ElectricalSample& sample, std::size_t phases);

// In the units of the record and the payload.
ElectricalReading to_reading(const ElectricalSample& sample);

}  // namespace egiz::sensors
