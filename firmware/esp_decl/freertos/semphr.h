#pragma once
#include "freertos/queue.h"

#ifdef __cplusplus
extern "C" {
#endif
typedef QueueHandle_t SemaphoreHandle_t;
SemaphoreHandle_t xSemaphoreCreateMutex(void);
BaseType_t xSemaphoreTake(SemaphoreHandle_t semaphore, TickType_t wait);
BaseType_t xSemaphoreGive(SemaphoreHandle_t semaphore);
#ifdef __cplusplus
}
#endif
