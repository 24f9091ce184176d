#include "thermal_inputs.hpp"

#include "driver/gpio.h"
#include "esp_adc/adc_cali_scheme.h"
#include "esp_status.hpp"
#include "pins.hpp"

namespace egiz::esp {
namespace {

constexpr auto channel = static_cast<adc_channel_t>(pins::setpoint_adc_channel);
constexpr int samples = 16;  // the ADC's noise is about 20 mV; the mean of 16 is within 0.1 degC of a 400 degC span

}  // namespace

Status EspThermalInputs::start() {
    gpio_config_t contact{};
    contact.pin_bit_mask = 1ULL << pins::heating_contact;
    contact.mode = GPIO_MODE_INPUT;  // input-only pin: its pull-up is on the board
    esp_err_t code = gpio_config(&contact);
    if (code != ESP_OK) return to_status(code);

    adc_oneshot_unit_init_cfg_t unit{};
    unit.unit_id = ADC_UNIT_1;
    code = adc_oneshot_new_unit(&unit, &adc_);
    if (code != ESP_OK) return to_status(code);
    adc_oneshot_chan_cfg_t config{};
    config.atten = ADC_ATTEN_DB_12;  // 150 mV to 3.1 V
    config.bitwidth = ADC_BITWIDTH_DEFAULT;
    code = adc_oneshot_config_channel(adc_, channel, &config);
    if (code != ESP_OK) return to_status(code);
    adc_cali_line_fitting_config_t line{};
    line.unit_id = ADC_UNIT_1;
    line.atten = ADC_ATTEN_DB_12;
    line.bitwidth = ADC_BITWIDTH_DEFAULT;
    return to_status(adc_cali_create_scheme_line_fitting(&line, &calibration_));
}

Result<std::int32_t> EspThermalInputs::setpoint_millivolts() {
    if (calibration_ == nullptr) return Err::unsupported;
    std::int32_t sum = 0;
    for (int i = 0; i < samples; ++i) {
        int raw = 0;
        int millivolts = 0;
        if (adc_oneshot_read(adc_, channel, &raw) != ESP_OK) return Err::io;
        if (adc_cali_raw_to_voltage(calibration_, raw, &millivolts) != ESP_OK) return Err::io;
        sum += millivolts;
    }
    return sum / samples;
}

// The optocoupler's transistor pulls the pin to ground while the heating has voltage.
bool EspThermalInputs::heating_closed() { return gpio_get_level(static_cast<gpio_num_t>(pins::heating_contact)) == 0; }

}  // namespace egiz::esp
