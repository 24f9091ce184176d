#pragma once
#include "freertos/FreeRTOS.h"

#ifdef __cplusplus
extern "C" {
#endif
typedef struct tskTaskControlBlock* TaskHandle_t;
typedef void (*TaskFunction_t)(void*);

BaseType_t xTaskCreatePinnedToCore(TaskFunction_t code, const char* name, uint32_t stack_bytes, void* parameter,
                                   UBaseType_t priority, TaskHandle_t* created, BaseType_t core);
void vTaskDelay(TickType_t ticks);
TickType_t xTaskGetTickCount(void);
BaseType_t xTaskDelayUntil(TickType_t* previous, TickType_t increment);
#ifdef __cplusplus
}
#endif
