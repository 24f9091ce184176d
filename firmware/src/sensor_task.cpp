#include "sensor_task.hpp"

#include "esp_task_wdt.h"
#include "freertos/task.h"

namespace egiz::esp {
namespace {

constexpr std::uint32_t stack_bytes = 4096;
constexpr UBaseType_t priority = 5;
constexpr std::uint32_t poll_ms = 100;
constexpr std::uint32_t periods_until_stale = 3;

}  // namespace

SensorTask::SensorTask(FittedSource& source, Clock& clock)
    : source_(source), clock_(clock), snapshot_(fitted_kind().period_ms * periods_until_stale) {}

Status SensorTask::start() {
    mutex_ = xSemaphoreCreateMutex();
    if (mutex_ == nullptr) return Err::no_space;
    const Status started = source_.start();
    if (!started) return started;
    return xTaskCreatePinnedToCore(run, "sensors", stack_bytes, this, priority, nullptr, 1) == pdPASS
               ? Status()
               : Status(Err::no_space);
}

void SensorTask::run(void* self) {
    auto& task = *static_cast<SensorTask*>(self);
    (void)esp_task_wdt_add(nullptr);
    TickType_t woken = xTaskGetTickCount();
    while (true) {
        (void)esp_task_wdt_reset();
        task.step();
        (void)xTaskDelayUntil(&woken, pdMS_TO_TICKS(poll_ms));
    }
}

void SensorTask::step() {
    const std::uint8_t window = window_.exchange(0);
    if (window != 0) source_.configure(window);
    const std::uint64_t now = clock_.monotonic_ms();
    const bool changed = source_.poll(now);
    if (now < next_ms_ && !changed) return;
    if (now >= next_ms_) next_ms_ = now + fitted_kind().period_ms;
    source_.sample(now, scratch_);
    (void)xSemaphoreTake(mutex_, portMAX_DELAY);
    snapshot_.store(scratch_, now);
    (void)xSemaphoreGive(mutex_);
}

void SensorTask::sample(std::uint64_t monotonic_ms, Reading& out) {
    // Never started (safe mode, or its hardware could not be set up): nothing was ever measured.
    if (mutex_ == nullptr) {
        out.kind = kind();
        sensors::mark_all(out, Quality::absent);
        return;
    }
    (void)xSemaphoreTake(mutex_, portMAX_DELAY);
    snapshot_.take(kind(), monotonic_ms, out);
    (void)xSemaphoreGive(mutex_);
}

}  // namespace egiz::esp
