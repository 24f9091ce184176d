#pragma once
#include "nvs.h"

#ifdef __cplusplus
extern "C" {
#endif
esp_err_t nvs_flash_init_partition(const char* label);
esp_err_t nvs_flash_erase_partition(const char* label);
#ifdef __cplusplus
}
#endif
