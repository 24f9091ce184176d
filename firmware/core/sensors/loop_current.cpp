#include "loop_current.hpp"

namespace egiz::sensors {

Measured loop_value(std::int32_t millivolts, const LoopScale& scale) {
    if (scale.shunt_mohm == 0) return Measured::bad(Quality::uncalibrated);
    const std::int64_t microamps = scaled(millivolts, 1'000'000, scale.shunt_mohm);
    if (microamps < 3'600 || microamps > 21'000) return Measured::bad(Quality::fault);
    if (microamps < 3'800 || microamps > 20'500) return Measured::bad(Quality::out_of_range);
    const std::int64_t span = std::int64_t{scale.at_20_ma} - scale.at_4_ma;
    const std::int64_t value = scale.at_4_ma + scaled(microamps - 4'000, span, 16'000);
    return measured_within(value, -273'150, 2'000'000);
}

}  // namespace egiz::sensors
