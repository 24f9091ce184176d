#pragma once
#include "esp_event.h"

typedef struct esp_netif_obj esp_netif_t;
typedef enum { IP_EVENT_STA_GOT_IP, IP_EVENT_STA_LOST_IP } ip_event_t;

#ifdef __cplusplus
extern "C" {
#endif
ESP_EVENT_DECLARE_BASE(IP_EVENT);
esp_err_t esp_netif_init(void);
esp_err_t esp_netif_set_hostname(esp_netif_t* netif, const char* hostname);
#ifdef __cplusplus
}
#endif
