// ESP-IDF error codes as the core's.
#pragma once

#include "esp_err.h"
#include "result.hpp"

namespace egiz::esp {

inline Status to_status(esp_err_t code) {
    switch (code) {
        case ESP_OK: return {};
        case ESP_ERR_TIMEOUT: return Err::timeout;
        case ESP_ERR_NOT_FOUND: return Err::not_found;
        case ESP_ERR_INVALID_ARG:
        case ESP_ERR_INVALID_SIZE: return Err::bad_argument;
        case ESP_ERR_NO_MEM: return Err::no_space;
        default: return Err::io;
    }
}

}  // namespace egiz::esp
