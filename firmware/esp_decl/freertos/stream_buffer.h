#pragma once
#include "freertos/FreeRTOS.h"

#ifdef __cplusplus
extern "C" {
#endif
typedef struct StreamBufferDef_t* StreamBufferHandle_t;
StreamBufferHandle_t xStreamBufferCreate(size_t size, size_t trigger);
size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void* data, size_t length, TickType_t wait);
size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void* data, size_t length, TickType_t wait);
BaseType_t xStreamBufferReset(StreamBufferHandle_t buffer);
BaseType_t xStreamBufferIsEmpty(StreamBufferHandle_t buffer);
#ifdef __cplusplus
}
#endif
