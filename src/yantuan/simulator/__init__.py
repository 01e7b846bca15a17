"""The WeChat simulator: a program beside the product that plays WeChat, WeChat Pay, SMS, WeCom and e-mail.

It stands apart on purpose: it imports nothing of the product and the product imports nothing of it, so both
sides only ever meet over HTTP, with real keys, signatures and encryption.
"""
