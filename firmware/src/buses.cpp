#include "buses.hpp"

#include <algorithm>
#include <cstring>

#include "esp_status.hpp"
#include "freertos/task.h"
#include "pins.hpp"

namespace egiz::esp {
namespace {

constexpr uart_port_t uart = UART_NUM_2;
constexpr spi_host_device_t spi = SPI3_HOST;  // VSPI
constexpr int rx_buffer = 256;
constexpr int i2c_timeout_ms = 50;
constexpr std::uint32_t i2c_hz = 100'000;  // long cables to a sensor box

}  // namespace

Status EspUart::start(int tx_pin, int rx_pin, std::uint32_t baud) {
    uart_config_t config{};
    config.baud_rate = static_cast<int>(baud);
    config.data_bits = UART_DATA_8_BITS;
    config.parity = UART_PARITY_DISABLE;
    config.stop_bits = UART_STOP_BITS_1;
    config.flow_ctrl = UART_HW_FLOWCTRL_DISABLE;
    config.source_clk = UART_SCLK_DEFAULT;
    esp_err_t code = uart_driver_install(uart, rx_buffer, 0, 0, nullptr, 0);
    if (code == ESP_OK) code = uart_param_config(uart, &config);
    if (code == ESP_OK) code = uart_set_pin(uart, tx_pin, rx_pin, UART_PIN_NO_CHANGE, UART_PIN_NO_CHANGE);
    return to_status(code);
}

Status EspUart::exchange(Bytes request, MutableBytes response, std::uint32_t timeout_ms) {
    // A late answer to the question before must not be taken for this one's.
    (void)uart_flush_input(uart);
    if (uart_write_bytes(uart, request.data(), request.size()) != static_cast<int>(request.size())) return Err::io;
    const int got = uart_read_bytes(uart, response.data(), static_cast<std::uint32_t>(response.size()),
                                    pdMS_TO_TICKS(timeout_ms));
    if (got < 0) return Err::io;
    return static_cast<std::size_t>(got) == response.size() ? Status() : Status(Err::timeout);
}

Status EspI2c::start(int sda_pin, int scl_pin) {
    i2c_master_bus_config_t config{};
    config.i2c_port = 0;
    config.sda_io_num = static_cast<gpio_num_t>(sda_pin);
    config.scl_io_num = static_cast<gpio_num_t>(scl_pin);
    config.clk_source = I2C_CLK_SRC_DEFAULT;
    config.glitch_ignore_cnt = 7;
    // Breakout boards bring stronger ones; without any the bus would hang instead of saying that nobody is there.
    config.flags.enable_internal_pullup = true;
    return to_status(i2c_new_master_bus(&config, &bus_));
}

i2c_master_dev_handle_t EspI2c::device(std::uint8_t address) {
    for (Device& known : devices_) {
        if (known.handle != nullptr && known.address == address) return known.handle;
        if (known.handle != nullptr) continue;
        i2c_device_config_t config{};
        config.dev_addr_length = I2C_ADDR_BIT_LEN_7;
        config.device_address = address;
        config.scl_speed_hz = i2c_hz;
        if (i2c_master_bus_add_device(bus_, &config, &known.handle) != ESP_OK) return nullptr;
        known.address = address;
        return known.handle;
    }
    return nullptr;
}

Status EspI2c::finished(esp_err_t code) {
    // A part that was unplugged in the middle of a byte holds the data line: nine clocks free it.
    if (code == ESP_ERR_TIMEOUT) (void)i2c_master_bus_reset(bus_);
    return to_status(code);
}

Status EspI2c::write(std::uint8_t address, Bytes data) {
    const i2c_master_dev_handle_t handle = device(address);
    if (handle == nullptr) return Err::no_space;
    return finished(i2c_master_transmit(handle, data.data(), data.size(), i2c_timeout_ms));
}

Status EspI2c::read(std::uint8_t address, MutableBytes data) {
    const i2c_master_dev_handle_t handle = device(address);
    if (handle == nullptr) return Err::no_space;
    return finished(i2c_master_receive(handle, data.data(), data.size(), i2c_timeout_ms));
}

Status EspI2c::write_read(std::uint8_t address, Bytes out, MutableBytes in) {
    const i2c_master_dev_handle_t handle = device(address);
    if (handle == nullptr) return Err::no_space;
    return finished(i2c_master_transmit_receive(handle, out.data(), out.size(), in.data(), in.size(), i2c_timeout_ms));
}

Status EspSpi::start() {
    spi_bus_config_t config{};
    config.mosi_io_num = pins::spi_mosi;
    config.miso_io_num = pins::spi_miso;
    config.sclk_io_num = pins::spi_clock;
    config.quadwp_io_num = -1;
    config.quadhd_io_num = -1;
    config.max_transfer_sz = static_cast<int>(longest_transfer);
    // Sixteen bytes at most: no DMA, and so no rules about where buffers lie.
    return to_status(spi_bus_initialize(spi, &config, SPI_DMA_DISABLED));
}

Status EspSpi::add_device(int select_pin, std::uint8_t mode, std::uint32_t clock_hz) {
    if (count_ == devices_.size()) return Err::no_space;
    spi_device_interface_config_t config{};
    config.mode = mode;
    config.clock_speed_hz = static_cast<int>(clock_hz);
    config.spics_io_num = select_pin;
    config.queue_size = 1;
    const esp_err_t code = spi_bus_add_device(spi, &config, &devices_[count_]);
    if (code == ESP_OK) ++count_;
    return to_status(code);
}

Status EspSpi::transfer(std::uint8_t chip_select, Bytes out, MutableBytes in) {
    if (chip_select >= count_ || out.size() != in.size() || out.size() > longest_transfer) return Err::bad_argument;
    // The driver writes whole words: the caller's buffer may be shorter.
    alignas(4) std::array<std::uint8_t, longest_transfer> sent{};
    alignas(4) std::array<std::uint8_t, longest_transfer> received{};
    std::copy(out.begin(), out.end(), sent.begin());
    spi_transaction_t transaction{};
    transaction.length = out.size() * 8;
    transaction.tx_buffer = sent.data();
    transaction.rx_buffer = received.data();
    const esp_err_t code = spi_device_polling_transmit(devices_[chip_select], &transaction);
    if (code == ESP_OK) std::memcpy(in.data(), received.data(), in.size());
    return to_status(code);
}

// One tick more: a delay of n ticks ends with the n-th tick, so it may be almost one tick short.
void TaskPause::wait_ms(std::uint32_t ms) { vTaskDelay(pdMS_TO_TICKS(ms) + 1); }

}  // namespace egiz::esp
