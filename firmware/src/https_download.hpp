// Firmware images over HTTPS with Range, in a task of its own: a handshake and a slow server take seconds, the core's
// poll() takes what has arrived.
#pragma once

#include <atomic>

#include "c_text.hpp"
#include "esp_http_client.h"
#include "freertos/queue.h"
#include "freertos/stream_buffer.h"
#include "identity_store.hpp"
#include "ports.hpp"

namespace egiz::esp {

class HttpsDownload final : public Download {
  public:
    explicit HttpsDownload(const Pem& ca) : ca_(ca) {}
    Status start();

    Status open(std::string_view url, std::size_t offset) override;
    Result<std::size_t> poll(MutableBytes out) override;
    void close() override;

  private:
    enum class Course : std::uint8_t { idle, running, complete, failed };

    static void run(void* self);
    void fetch();
    bool request(esp_http_client_handle_t client);
    bool stream(esp_http_client_handle_t client);

    const Pem& ca_;
    QueueHandle_t wake_ = nullptr;
    StreamBufferHandle_t stream_ = nullptr;
    CText<256> url_;
    std::size_t offset_ = 0;
    std::atomic<Course> course_{Course::idle};
    std::atomic<bool> cancelled_{false};
    std::atomic<bool> busy_{false};  // the task still works on a download, perhaps a cancelled one
};

}  // namespace egiz::esp
