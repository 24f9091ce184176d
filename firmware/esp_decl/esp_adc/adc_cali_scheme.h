#pragma once
#include "esp_adc/adc_cali.h"
#include "esp_adc/adc_oneshot.h"

typedef struct {
    adc_unit_t unit_id;
    adc_atten_t atten;
    adc_bitwidth_t bitwidth;
    uint32_t default_vref;
} adc_cali_line_fitting_config_t;

#ifdef __cplusplus
extern "C" {
#endif
esp_err_t adc_cali_create_scheme_line_fitting(const adc_cali_line_fitting_config_t* config, adc_cali_handle_t* handle);
#ifdef __cplusplus
}
#endif
