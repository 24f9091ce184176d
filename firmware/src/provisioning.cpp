#include "provisioning.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <new>

#include "esp_http_server.h"
#include "esp_log.h"
#include "esp_mac.h"
#include "esp_status.hpp"
#include "esp_system.h"
#include "esp_wifi.h"
#include "freertos/task.h"
#include "provision_form.hpp"
#include "setup_page.hpp"

namespace egiz::esp {
namespace {

constexpr const char* tag = "set-up";
constexpr std::size_t longest_form = 24 * 1024;  // six PEM fields, percent-encoded
constexpr std::uint32_t time_limit_ms = 15 * 60 * 1000;
constexpr std::uint32_t step_ms = 500;
constexpr std::uint8_t guests = 1;  // one person sets a board up

std::atomic<bool> finished{false};

esp_err_t answer(httpd_req_t* request, const char* status, std::string_view text) {
    (void)httpd_resp_set_status(request, status);
    (void)httpd_resp_set_type(request, "text/html; charset=utf-8");
    (void)httpd_resp_set_hdr(request, "Cache-Control", "no-store");
    return httpd_resp_send(request, text.data(), static_cast<std::ptrdiff_t>(text.size()));
}

esp_err_t show_page(httpd_req_t* request) {
    const std::unique_ptr<SetupPage> page(new (std::nothrow) SetupPage);
    if (page == nullptr) return answer(request, "503 Service Unavailable", "out of memory");
    return answer(request, "200 OK", page->render());
}

bool receive_form(httpd_req_t* request, std::span<char> form) {
    std::size_t received = 0;
    while (received < form.size()) {
        const int got = httpd_req_recv(request, form.data() + received, form.size() - received);
        if (got == HTTPD_SOCK_ERR_TIMEOUT) continue;
        if (got <= 0) return false;
        received += static_cast<std::size_t>(got);
    }
    return true;
}

// Stores the pairs as they come. Device is the page's last field, so the identity is one only when all are stored.
Status store_form(IdentityStore& store, std::span<char> form) {
    FormReader reader(form);
    while (true) {
        const Result<FormReader::Pair> pair = reader.next();
        if (pair.error() == Err::not_found) return {};
        if (!pair) return pair.error();
        if (pair.value().value.empty()) continue;
        const Status stored = store.put(pair.value().key, pair.value().value);
        if (!stored) return stored;
    }
}

esp_err_t take_form(httpd_req_t* request) {
    auto& store = *static_cast<IdentityStore*>(request->user_ctx);
    if (request->content_len == 0 || request->content_len > longest_form) {
        return answer(request, "413 Content Too Large", "the form is too long");
    }
    const std::unique_ptr<char[]> body(new (std::nothrow) char[request->content_len]);
    if (body == nullptr) return answer(request, "503 Service Unavailable", "out of memory");
    const std::span<char> form(body.get(), request->content_len);
    if (!receive_form(request, form)) return ESP_FAIL;
    const Status stored = store_form(store, form);
    // Keys and passwords must not stay behind in the heap.
    std::fill(form.begin(), form.end(), '\0');
    if (!stored) return answer(request, "400 Bad Request", "a field is too long or not known; nothing will be used");
    const std::unique_ptr<ProvisionedIdentity> check(new (std::nothrow) ProvisionedIdentity);
    if (check == nullptr || !store.load(*check)) {
        (void)store.withdraw();
        return answer(request, "400 Bad Request", "something is missing; see the serial console");
    }
    finished.store(true);
    return answer(request, "200 OK", "stored; the board restarts");
}

Status start_access_point(const char* password) {
    if (esp_netif_create_default_wifi_ap() == nullptr) return Err::no_space;
    const wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
    esp_err_t code = esp_wifi_init(&init);
    if (code != ESP_OK) return to_status(code);
    (void)esp_wifi_set_storage(WIFI_STORAGE_RAM);
    std::array<std::uint8_t, 6> mac{};
    (void)esp_read_mac(mac.data(), ESP_MAC_WIFI_SOFTAP);
    wifi_config_t config{};
    std::array<char, 32> name{};
    const int length = std::snprintf(name.data(), name.size(), "openegiz-%02x%02x%02x", mac[3], mac[4], mac[5]);
    std::copy_n(name.begin(), length, config.ap.ssid);
    config.ap.ssid_len = static_cast<std::uint8_t>(length);
    const std::string_view secret(password);
    std::copy(secret.begin(), secret.end(), config.ap.password);
    config.ap.channel = 1;
    config.ap.authmode = WIFI_AUTH_WPA2_PSK;
    config.ap.max_connection = guests;
    config.ap.pmf_cfg.capable = true;
    code = esp_wifi_set_mode(WIFI_MODE_AP);
    if (code == ESP_OK) code = esp_wifi_set_config(WIFI_IF_AP, &config);
    if (code == ESP_OK) code = esp_wifi_start();
    // The password is the proof of being at the board: who can read its console could also flash it.
    ESP_LOGW(tag, "set-up network %s, password %s, page http://192.168.4.1/", name.data(), password);
    return to_status(code);
}

Status start_server(IdentityStore& store, httpd_handle_t& server) {
    httpd_config_t config = HTTPD_DEFAULT_CONFIG();
    config.stack_size = 8192;
    config.max_open_sockets = 3;
    config.lru_purge_enable = true;
    esp_err_t code = httpd_start(&server, &config);
    if (code != ESP_OK) return to_status(code);
    httpd_uri_t page{};
    page.uri = "/";
    page.method = HTTP_GET;
    page.handler = show_page;
    httpd_uri_t form = page;
    form.method = HTTP_POST;
    form.handler = take_form;
    form.user_ctx = &store;
    code = httpd_register_uri_handler(server, &page);
    if (code == ESP_OK) code = httpd_register_uri_handler(server, &form);
    return to_status(code);
}

}  // namespace

Status provision(IdentityStore& store) {
    CText<63> password;
    Status status = store.setup_password(password);
    if (status) status = start_access_point(password.c_str());
    httpd_handle_t server = nullptr;
    if (status) status = start_server(store, server);
    if (!status) return status;
    for (std::uint32_t waited = 0; waited < time_limit_ms && !finished.load(); waited += step_ms) {
        vTaskDelay(pdMS_TO_TICKS(step_ms));
    }
    vTaskDelay(pdMS_TO_TICKS(1'000));  // the answer still has to leave
    (void)httpd_stop(server);
    (void)esp_wifi_stop();
    esp_restart();
}

}  // namespace egiz::esp
