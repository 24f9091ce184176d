#include "front_panel.hpp"

#include "driver/gpio.h"
#include "esp_status.hpp"
#include "freertos/task.h"
#include "pins.hpp"

namespace egiz::esp {
namespace {

constexpr std::uint32_t stack_bytes = 2048;
constexpr UBaseType_t priority = 2;

}  // namespace

Status FrontPanel::start() {
    gpio_config_t led{};
    led.pin_bit_mask = 1ULL << pins::led;
    led.mode = GPIO_MODE_OUTPUT;
    gpio_config_t button{};
    button.pin_bit_mask = 1ULL << pins::button;
    button.mode = GPIO_MODE_INPUT;
    button.pull_up_en = GPIO_PULLUP_ENABLE;
    if (gpio_config(&led) != ESP_OK || gpio_config(&button) != ESP_OK) return Err::io;
    if (xTaskCreatePinnedToCore(run, "panel", stack_bytes, this, priority, nullptr, tskNO_AFFINITY) != pdPASS) {
        return Err::no_space;
    }
    return {};
}

void FrontPanel::identify(std::uint32_t seconds) { identify_steps_.store(seconds * (1000 / panel_step_ms)); }

void FrontPanel::run(void* self) {
    while (true) {
        static_cast<FrontPanel*>(self)->step();
        vTaskDelay(pdMS_TO_TICKS(panel_step_ms));
    }
}

void FrontPanel::step() {
    const std::uint32_t left = identify_steps_.load();
    if (left > 0) identify_steps_.store(left - 1);
    (void)gpio_set_level(static_cast<gpio_num_t>(pins::led), led_on(state_.load(), left > 0, step_) ? 1 : 0);
    ++step_;
    // Pressed pulls the pin to ground.
    if (button_.push(gpio_get_level(static_cast<gpio_num_t>(pins::button)) == 0)) long_press_.store(true);
}

}  // namespace egiz::esp
