// The retransmission output of an oven controller: 4 to 20 mA for the setpoint, read as a voltage over a shunt.
#pragma once

#include <cstdint>

#include "measure.hpp"

namespace egiz::sensors {

struct LoopScale {
    std::uint32_t shunt_mohm = 150'000;  // 150 ohm: 20 mA are 3.0 V, inside the ADC's range
    std::int32_t at_4_ma = 0;            // 1/1000 degC
    std::int32_t at_20_ma = 400'000;
};

// NAMUR NE 43: below 3.6 and above 21 mA the transmitter reports its own failure (or the wire is broken), 3.8 to
// 20.5 mA is measurement, between them the value is out of its range.
Measured loop_value(std::int32_t millivolts, const LoopScale& scale);

}  // namespace egiz::sensors
