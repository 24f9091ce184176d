// Which GPIO of an ESP32-WROOM-32 (DevKitC) goes where. The wiring diagrams of README.md show the same numbers.
#pragma once

#include <array>
#include <cstdint>

namespace egiz::esp::pins {

inline constexpr int led = 2;
inline constexpr int button = 0;  // BOOT

// PZEM-004T, UART2. GPIO 16 and 17 are free on WROOM modules (WROVER uses them for PSRAM).
inline constexpr int pzem_rx = 16;
inline constexpr int pzem_tx = 17;

// BME280 and SCD41
inline constexpr int i2c_sda = 21;
inline constexpr int i2c_scl = 22;

// MAX31855, MAX31865 and ATM90E32, on the VSPI pins
inline constexpr int spi_mosi = 23;
inline constexpr int spi_miso = 19;
inline constexpr int spi_clock = 18;

// Chip select of zone n at place n - 1. None of them is a strapping pin.
inline constexpr std::array<int, 8> zone_select = {4, 13, 14, 25, 26, 27, 32, 33};
inline constexpr int meter_select = 13;

inline constexpr int heating_contact = 35;  // input only, through an optocoupler
inline constexpr int setpoint_adc_channel = 6;  // GPIO 34, ADC1 (ADC2 cannot be used beside Wi-Fi)

}  // namespace egiz::esp::pins
