#include "esp_board.hpp"

#include "esp_attr.h"
#include "esp_heap_caps.h"
#include "esp_log.h"
#include "esp_random.h"
#include "esp_status.hpp"
#include "esp_system.h"
#include "esp_task_wdt.h"

namespace egiz::esp {
namespace {

constexpr const char* tag = "openegiz";
constexpr std::uint32_t watchdog_ms = 10'000;

// RTC memory survives a reset but holds noise after power-on: the second word says whether the first is ours.
constexpr std::uint32_t crash_mark = 0x45475A31;
RTC_NOINIT_ATTR std::uint32_t crash_counter;
RTC_NOINIT_ATTR std::uint32_t crash_check;

}  // namespace

void EspRandom::fill(MutableBytes out) { esp_fill_random(out.data(), out.size()); }

Status EspSystem::watch_this_task() {
    esp_task_wdt_config_t config{};
    config.timeout_ms = watchdog_ms;
    config.idle_core_mask = 1U << 0;
    config.trigger_panic = true;
    const esp_err_t configured = esp_task_wdt_reconfigure(&config);
    if (configured != ESP_OK) return to_status(configured);
    return to_status(esp_task_wdt_add(nullptr));
}

ResetReason EspSystem::reset_reason() {
    switch (esp_reset_reason()) {
        case ESP_RST_POWERON: return ResetReason::power_on;
        case ESP_RST_EXT: return ResetReason::external;
        case ESP_RST_SW: return ResetReason::software;
        case ESP_RST_PANIC: return ResetReason::panic;
        case ESP_RST_INT_WDT: return ResetReason::interrupt_watchdog;
        case ESP_RST_TASK_WDT:
        case ESP_RST_WDT: return ResetReason::task_watchdog;
        case ESP_RST_DEEPSLEEP: return ResetReason::deep_sleep;
        case ESP_RST_BROWNOUT: return ResetReason::brownout;
        default: return ResetReason::unknown;
    }
}

HeapInfo EspSystem::heap() {
    HeapInfo info;
    info.free = esp_get_free_heap_size();
    info.minimum_free = esp_get_minimum_free_heap_size();
    // A TLS session needs one block of 17 KB: this is the figure that says whether a reconnect will succeed.
    info.largest_block = static_cast<std::uint32_t>(heap_caps_get_largest_free_block(MALLOC_CAP_8BIT));
    return info;
}

void EspSystem::feed_watchdog() { (void)esp_task_wdt_reset(); }

void EspSystem::restart() { esp_restart(); }

void EspSystem::identify(std::uint32_t seconds) { panel_.identify(seconds); }

void EspSystem::set_log_level(LogLevel level) {
    static constexpr esp_log_level_t levels[] = {ESP_LOG_NONE, ESP_LOG_ERROR, ESP_LOG_WARN, ESP_LOG_INFO, ESP_LOG_DEBUG};
    esp_log_level_set("*", levels[static_cast<std::size_t>(level)]);
}

void EspSystem::log(LogLevel level, std::string_view text) {
    const int length = static_cast<int>(text.size());
    switch (level) {
        case LogLevel::none: break;
        case LogLevel::error: ESP_LOGE(tag, "%.*s", length, text.data()); break;
        case LogLevel::warn: ESP_LOGW(tag, "%.*s", length, text.data()); break;
        case LogLevel::info: ESP_LOGI(tag, "%.*s", length, text.data()); break;
        case LogLevel::debug: ESP_LOGD(tag, "%.*s", length, text.data()); break;
    }
}

std::uint32_t EspSystem::crash_count() { return crash_check == (crash_counter ^ crash_mark) ? crash_counter : 0; }

void EspSystem::set_crash_count(std::uint32_t n) {
    crash_counter = n;
    crash_check = n ^ crash_mark;
}

}  // namespace egiz::esp
