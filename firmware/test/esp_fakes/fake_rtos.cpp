#include <chrono>
#include <condition_variable>
#include <cstdarg>
#include <cstring>
#include <deque>
#include <mutex>
#include <random>
#include <thread>

#include "esp_log.h"
#include "esp_random.h"
#include "fakes.hpp"
#include "freertos/queue.h"
#include "freertos/stream_buffer.h"
#include "freertos/task.h"

struct QueueDefinition {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::vector<std::uint8_t>> items;
    std::size_t capacity = 0;
    std::size_t item_size = 0;
};

struct StreamBufferDef_t {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::uint8_t> bytes;
    std::size_t capacity = 0;
};

namespace fake {

void reset_storage();
void reset_network();

void reset() {
    reset_storage();
    reset_network();
}

bool eventually(const std::function<bool()>& done) {
    for (int i = 0; i < 1000; ++i) {
        if (done()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return done();
}

namespace {
std::chrono::milliseconds ticks(TickType_t wait) {
    return std::chrono::milliseconds(wait == portMAX_DELAY ? 3'600'000 : wait);
}
}  // namespace

}  // namespace fake

extern "C" {

// A task is a thread that never ends; the process ends under it.
BaseType_t xTaskCreatePinnedToCore(TaskFunction_t code, const char*, uint32_t, void* parameter, UBaseType_t, TaskHandle_t*,
                                   BaseType_t) {
    std::thread(code, parameter).detach();
    return pdPASS;
}
void vTaskDelay(TickType_t wait) { std::this_thread::sleep_for(fake::ticks(wait)); }

QueueHandle_t xQueueCreate(UBaseType_t length, UBaseType_t item_size) {
    auto* queue = new QueueDefinition;
    queue->capacity = length;
    queue->item_size = item_size;
    return queue;
}
BaseType_t xQueueSend(QueueHandle_t queue, const void* item, TickType_t wait) {
    std::unique_lock lock(queue->mutex);
    if (!queue->changed.wait_for(lock, fake::ticks(wait), [&] { return queue->items.size() < queue->capacity; })) {
        return pdFALSE;
    }
    const auto* bytes = static_cast<const std::uint8_t*>(item);
    queue->items.emplace_back(bytes, bytes + queue->item_size);
    queue->changed.notify_all();
    return pdTRUE;
}
BaseType_t xQueueReceive(QueueHandle_t queue, void* item, TickType_t wait) {
    std::unique_lock lock(queue->mutex);
    if (!queue->changed.wait_for(lock, fake::ticks(wait), [&] { return !queue->items.empty(); })) return pdFALSE;
    std::memcpy(item, queue->items.front().data(), queue->item_size);
    queue->items.pop_front();
    queue->changed.notify_all();
    return pdTRUE;
}

StreamBufferHandle_t xStreamBufferCreate(size_t size, size_t) {
    auto* buffer = new StreamBufferDef_t;
    buffer->capacity = size;
    return buffer;
}
size_t xStreamBufferSend(StreamBufferHandle_t buffer, const void* data, size_t length, TickType_t wait) {
    std::unique_lock lock(buffer->mutex);
    buffer->changed.wait_for(lock, fake::ticks(wait), [&] { return buffer->bytes.size() < buffer->capacity; });
    const std::size_t n = std::min(length, buffer->capacity - buffer->bytes.size());
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    buffer->bytes.insert(buffer->bytes.end(), bytes, bytes + n);
    buffer->changed.notify_all();
    return n;
}
size_t xStreamBufferReceive(StreamBufferHandle_t buffer, void* data, size_t length, TickType_t wait) {
    std::unique_lock lock(buffer->mutex);
    buffer->changed.wait_for(lock, fake::ticks(wait), [&] { return !buffer->bytes.empty(); });
    const std::size_t n = std::min(length, buffer->bytes.size());
    std::copy_n(buffer->bytes.begin(), n, static_cast<std::uint8_t*>(data));
    buffer->bytes.erase(buffer->bytes.begin(), buffer->bytes.begin() + static_cast<std::ptrdiff_t>(n));
    buffer->changed.notify_all();
    return n;
}
BaseType_t xStreamBufferReset(StreamBufferHandle_t buffer) {
    const std::lock_guard lock(buffer->mutex);
    buffer->bytes.clear();
    return pdPASS;
}

void esp_fill_random(void* buffer, size_t length) {
    static std::mt19937 engine(1);
    auto* bytes = static_cast<std::uint8_t*>(buffer);
    for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::uint8_t>(engine());
}

void egiz_decl_log(esp_log_level_t, const char*, const char*, ...) {}
}
