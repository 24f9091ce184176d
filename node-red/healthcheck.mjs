// Healthy is a Node-RED whose flows answer: the API asks for a token.
const { EGIZ_PORT = '1880', EGIZ_HTTPS_CERT } = process.env;
const scheme = EGIZ_HTTPS_CERT === undefined ? 'http' : 'https';
const response = await fetch(`${scheme}://127.0.0.1:${EGIZ_PORT}/api/v1/clients`);
process.exit(response.status === 401 ? 0 : 1);
