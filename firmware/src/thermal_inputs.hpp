// The two inputs of a thermal board beside its bus: the controller's 4 to 20 mA setpoint output over a shunt on GPIO 34,
// and the contact of the heating element through an optocoupler on GPIO 35.
#pragma once

#include "esp_adc/adc_cali.h"
#include "esp_adc/adc_oneshot.h"
#include "sensors/thermal_source.hpp"

namespace egiz::esp {

class EspThermalInputs final : public sensors::ThermalInputs {
  public:
    Status start();
    Result<std::int32_t> setpoint_millivolts() override;
    bool heating_closed() override;

  private:
    adc_oneshot_unit_handle_t adc_ = nullptr;
    adc_cali_handle_t calibration_ = nullptr;
};

}  // namespace egiz::esp
