// The buses of core/sensors on the chip's controllers.
#pragma once

#include <array>
#include <span>

#include "driver/i2c_master.h"
#include "driver/spi_master.h"
#include "driver/uart.h"
#include "ports.hpp"
#include "sensors/pause.hpp"

namespace egiz::esp {

class EspUart final : public UartBus {
  public:
    Status start(int tx_pin, int rx_pin, std::uint32_t baud);
    Status exchange(Bytes request, MutableBytes response, std::uint32_t timeout_ms) override;
};

class EspI2c final : public I2cBus {
  public:
    Status start(int sda_pin, int scl_pin);
    Status write(std::uint8_t address, Bytes data) override;
    Status read(std::uint8_t address, MutableBytes data) override;
    Status write_read(std::uint8_t address, Bytes out, MutableBytes in) override;

  private:
    struct Device {
        std::uint8_t address = 0;
        i2c_master_dev_handle_t handle = nullptr;
    };
    i2c_master_dev_handle_t device(std::uint8_t address);
    Status finished(esp_err_t code);

    i2c_master_bus_handle_t bus_ = nullptr;
    std::array<Device, 4> devices_{};
};

class EspSpi final : public SpiBus {
  public:
    static constexpr std::size_t longest_transfer = 16;

    Status start();
    // The next chip select number, from 0.
    Status add_device(int select_pin, std::uint8_t mode, std::uint32_t clock_hz);
    Status transfer(std::uint8_t chip_select, Bytes out, MutableBytes in) override;

  private:
    std::array<spi_device_handle_t, max_zones> devices_{};
    std::size_t count_ = 0;
};

class TaskPause final : public sensors::Pause {
  public:
    void wait_ms(std::uint32_t ms) override;
};

}  // namespace egiz::esp
