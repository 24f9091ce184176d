// The type K thermocouple curve (ITS-90, NIST Monograph 175; IEC 60584-1).
#pragma once

#include <cstdint>

#include "measure.hpp"

namespace egiz::sensors {

inline constexpr std::int32_t type_k_low_mc = -200'000;    // where the inverse curve begins
inline constexpr std::int32_t type_k_high_mc = 1'372'000;  // where the standard ends

// Thermoelectric voltage in uV against a 0 degC reference; `mc` within the limits above.
double type_k_microvolts(double degrees);

// The inverse, within 0.06 degC of the curve; out_of_range outside -200 to 1372 degC. Result in 1/1000 degC.
Measured type_k_degrees(double microvolts);

// A chip that converts with one slope (41.276 uV/degC) is up to 7 degC wrong between 150 and 1000 degC. Its voltage can
// be had back from both its temperatures, and the true curve applied: PRD asks for 0.5 degC.
Measured type_k_linearised(std::int32_t hot_mc, std::int32_t cold_mc);

}  // namespace egiz::sensors
