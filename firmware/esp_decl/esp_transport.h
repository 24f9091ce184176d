#pragma once
#include "esp_err.h"

typedef struct esp_transport_item_t* esp_transport_handle_t;
