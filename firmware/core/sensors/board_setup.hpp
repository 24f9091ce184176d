// What is fitted to a board, from the short texts it was provisioned with.
#pragma once

#include <string_view>

#include "../result.hpp"
#include "atm90e32.hpp"
#include "pzem_source.hpp"
#include "thermal_source.hpp"

namespace egiz::sensors {

// "50", "60" or empty (50).
Result<bool> mains_is_60_hz(std::string_view text);

// "1", "3" or empty (3).
Result<PzemSetup> pzem_setup(std::string_view phases);

// Twelve numbers 0 to 65535 with commas: voltage gain, current gain, power gain and phase angle of a, then b, then c.
// Empty: not calibrated, and nothing will be published.
Result<AtmCalibration> meter_calibration(std::string_view text, bool mains_60_hz);

// `zones`: a letter for each, k (type K on a MAX31855), p (PT100) or P (PT1000, both on a MAX31865); PT100 and PT1000
// cannot be mixed, their reference resistors differ. `setpoint`: whole degrees at 4 and at 20 mA ("0:400"), empty when
// that input is not fitted.
Result<ThermalSetup> thermal_setup(std::string_view zones, std::string_view setpoint, bool mains_60_hz);

}  // namespace egiz::sensors
