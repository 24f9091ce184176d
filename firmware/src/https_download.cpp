#include "https_download.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "esp_log.h"
#include "freertos/task.h"

namespace egiz::esp {
namespace {

constexpr const char* tag = "download";
constexpr std::size_t buffered = 8 * 1024;  // two flash sectors
constexpr std::uint32_t stack_bytes = 8 * 1024;
constexpr UBaseType_t priority = 4;
constexpr int network_timeout_ms = 10'000;
constexpr std::uint32_t poll_ms = 100;
constexpr std::uint32_t send_ms = 200;
constexpr int http_ok = 200;
constexpr int http_partial = 206;

}  // namespace

Status HttpsDownload::start() {
    wake_ = xQueueCreate(1, sizeof(std::uint8_t));
    stream_ = xStreamBufferCreate(buffered, 1);
    if (wake_ == nullptr || stream_ == nullptr) return Err::no_space;
    if (xTaskCreatePinnedToCore(run, "download", stack_bytes, this, priority, nullptr, tskNO_AFFINITY) != pdPASS) {
        return Err::no_space;
    }
    return {};
}

Status HttpsDownload::open(std::string_view url, std::size_t offset) {
    if (busy_.load()) return Err::busy;  // a cancelled one is still ending
    if (!url.starts_with("https://") || !url_.assign(url)) return Err::bad_argument;
    offset_ = offset;
    (void)xStreamBufferReset(stream_);
    cancelled_.store(false);
    course_.store(Course::running);
    busy_.store(true);
    const std::uint8_t go = 1;
    if (xQueueSend(wake_, &go, 0) == pdTRUE) return {};
    busy_.store(false);
    return Err::busy;
}

Result<std::size_t> HttpsDownload::poll(MutableBytes out) {
    // The state is read first: bytes may still arrive between a look at the buffer and a look at the state.
    const Course course = course_.load();
    const std::uint32_t wait = course == Course::running ? poll_ms : 0;
    const std::size_t got = xStreamBufferReceive(stream_, out.data(), out.size(), pdMS_TO_TICKS(wait));
    if (got > 0 || course == Course::running) return got;
    return course == Course::complete ? Err::not_found : Err::io;
}

void HttpsDownload::close() { cancelled_.store(true); }

void HttpsDownload::run(void* self) {
    auto& download = *static_cast<HttpsDownload*>(self);
    std::uint8_t go = 0;
    while (true) {
        if (xQueueReceive(download.wake_, &go, portMAX_DELAY) != pdTRUE) continue;
        download.fetch();
        download.busy_.store(false);
    }
}

void HttpsDownload::fetch() {
    esp_http_client_config_t config{};
    config.url = url_.c_str();
    config.cert_pem = ca_.c_str();
    config.tls_version = ESP_HTTP_CLIENT_TLS_VER_TLS_1_3;
    config.timeout_ms = network_timeout_ms;
    // The manifest's URL is signed; where a server would send us instead is not.
    config.disable_auto_redirect = true;
    config.buffer_size = 2048;
    const esp_http_client_handle_t client = esp_http_client_init(&config);
    if (client == nullptr) {
        course_.store(Course::failed);
        return;
    }
    const bool complete = request(client) && stream(client);
    (void)esp_http_client_close(client);
    (void)esp_http_client_cleanup(client);
    course_.store(complete ? Course::complete : Course::failed);
}

bool HttpsDownload::request(esp_http_client_handle_t client) {
    if (offset_ > 0) {
        std::array<char, 40> range{};
        (void)std::snprintf(range.data(), range.size(), "bytes=%lu-", static_cast<unsigned long>(offset_));
        if (esp_http_client_set_header(client, "Range", range.data()) != ESP_OK) return false;
    }
    if (esp_http_client_open(client, 0) != ESP_OK) return false;
    if (esp_http_client_fetch_headers(client) < 0) return false;
    const int status = esp_http_client_get_status_code(client);
    // A server that ignores Range would send the beginning again: its bytes must not land behind the offset.
    const bool wanted = offset_ > 0 ? status == http_partial : status == http_ok;
    if (!wanted) ESP_LOGW(tag, "the server answered %d", status);
    return wanted;
}

bool HttpsDownload::stream(esp_http_client_handle_t client) {
    std::array<char, 1024> chunk{};
    while (!cancelled_.load()) {
        const int got = esp_http_client_read(client, chunk.data(), static_cast<int>(chunk.size()));
        if (got < 0) return false;
        if (got == 0) return esp_http_client_is_complete_data_received(client);
        std::size_t sent = 0;
        while (sent < static_cast<std::size_t>(got)) {
            if (cancelled_.load()) return false;
            sent += xStreamBufferSend(stream_, chunk.data() + sent, static_cast<std::size_t>(got) - sent,
                                      pdMS_TO_TICKS(send_ms));
        }
    }
    return false;
}

}  // namespace egiz::esp
