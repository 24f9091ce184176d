#pragma once
#include <stdint.h>

typedef enum {
    ESP_LOG_NONE = 0,
    ESP_LOG_ERROR = 1,
    ESP_LOG_WARN = 2,
    ESP_LOG_INFO = 3,
    ESP_LOG_DEBUG = 4,
    ESP_LOG_VERBOSE = 5,
} esp_log_level_t;

#ifdef __cplusplus
extern "C" {
#endif
void esp_log_level_set(const char* tag, esp_log_level_t level);
void egiz_decl_log(esp_log_level_t level, const char* tag, const char* format, ...) __attribute__((format(printf, 3, 4)));
#ifdef __cplusplus
}
#endif

// The real macros expand to more; the format check is what matters here.
#define ESP_LOGE(tag, format, ...) egiz_decl_log(ESP_LOG_ERROR, tag, format, ##__VA_ARGS__)
#define ESP_LOGW(tag, format, ...) egiz_decl_log(ESP_LOG_WARN, tag, format, ##__VA_ARGS__)
#define ESP_LOGI(tag, format, ...) egiz_decl_log(ESP_LOG_INFO, tag, format, ##__VA_ARGS__)
#define ESP_LOGD(tag, format, ...) egiz_decl_log(ESP_LOG_DEBUG, tag, format, ##__VA_ARGS__)
