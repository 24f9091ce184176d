#pragma once
#include "esp_err.h"
#include "freertos/FreeRTOS.h"

typedef enum { SPI1_HOST = 0, SPI2_HOST = 1, SPI3_HOST = 2 } spi_host_device_t;
typedef enum { SPI_DMA_DISABLED = 0, SPI_DMA_CH_AUTO = 3 } spi_dma_chan_t;
typedef struct spi_device_t* spi_device_handle_t;

typedef struct {
    int mosi_io_num;
    int miso_io_num;
    int sclk_io_num;
    int quadwp_io_num;
    int quadhd_io_num;
    int max_transfer_sz;
} spi_bus_config_t;

typedef struct {
    uint8_t mode;
    uint16_t cs_ena_pretrans;
    uint8_t cs_ena_posttrans;
    int clock_speed_hz;
    int spics_io_num;
    uint32_t flags;
    int queue_size;
} spi_device_interface_config_t;

typedef struct spi_transaction_t {
    uint32_t flags;
    size_t length;
    size_t rxlength;
    const void* tx_buffer;
    void* rx_buffer;
} spi_transaction_t;

#ifdef __cplusplus
extern "C" {
#endif
esp_err_t spi_bus_initialize(spi_host_device_t host, const spi_bus_config_t* config, spi_dma_chan_t dma);
esp_err_t spi_bus_add_device(spi_host_device_t host, const spi_device_interface_config_t* config,
                             spi_device_handle_t* handle);
esp_err_t spi_device_polling_transmit(spi_device_handle_t handle, spi_transaction_t* transaction);
#ifdef __cplusplus
}
#endif
