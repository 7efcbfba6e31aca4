package shop.invoice;

import com.google.gson.Gson;
import com.google.gson.JsonParseException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Lambda's entry point. Lambda's Java runtime calls any method, so no interface of AWS is needed. */
public final class Handler {
    private static final Gson GSON = new Gson();

    /**
     * Makes the invoice of an order, {@code {"order", "customer", "issued", "vat_percent", "lines":
     * [{"title", "quantity", "price_cents"}]}}.
     *
     * @throws IllegalArgumentException when the order is wrong; the message says where, and what is allowed
     */
    public Map<String, Object> handle(Map<String, Object> event) {
        Invoice invoice = Invoice.of(order(event));
        System.out.println(GSON.toJson(log(invoice)));
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("number", invoice.number());
        answer.put("net_cents", invoice.netCents());
        answer.put("vat_cents", invoice.vatCents());
        answer.put("total_cents", invoice.totalCents());
        answer.put("text", invoice.text());
        return answer;
    }

    private static Order order(Map<String, Object> event) {
        if (event == null) {
            throw new IllegalArgumentException("the event is empty");
        }
        try {
            return GSON.fromJson(GSON.toJsonTree(event), Order.class);
        } catch (JsonParseException | NumberFormatException error) {
            throw new IllegalArgumentException("the event is no order: " + error.getMessage(), error);
        }
    }

    private static Map<String, Object> log(Invoice invoice) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("level", "info");
        entry.put("message", "invoice made");
        entry.put("number", invoice.number());
        entry.put("total_cents", invoice.totalCents());
        return entry;
    }
}
